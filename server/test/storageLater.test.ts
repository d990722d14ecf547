import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf } from './processKit.ts'
import type { State } from './protocolClient.ts'
import { haveReports, reportFile } from './reports.ts'
import { ClickHouseServer } from './storageKit.ts'

const CASE = 'r11-clickhouse-unknown-table-while-it-starts'
const why = haveReports ? '' : ' (skipped: no reports beside the project)'

let dir: string
let clickhouse: ClickHouseServer
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'later-'))
  clickhouse = await ClickHouseServer.start(dir)
})
afterAll(async () => {
  await clickhouse.remove()
  await rm(dir, { recursive: true, force: true })
})

describe.skipIf(!haveReports)(`a ClickHouse server that says for a moment that it has no such table${why}`, () => {
  it('is asked again: all rows are stored, none is set aside, and the command that retries finds nothing to do', async () => {
    await clickhouse.fail({ kind: 'error', times: 2, code: '60', into: 'ticks' })
    const data = pathOf('later')
    const server = DriftwireProcess.serve(
      '--clickhouse',
      clickhouse.url,
      '--data',
      data,
      '--speed',
      'max',
      '--feed',
      `replay:${reportFile(CASE, 't.csv')}`,
    )
    const { sink } = (await server.replayed()) as { sink: State }
    expect(sink).toMatchObject({ stored: { ticks: 5 }, rejected: { ticks: 0 }, setAside: { files: 0, rows: 0 }, retries: 2 })
    const { rows } = await server.json<{ rows: State[] }>('/v1/history/tick:SYM-USD?from=0&to=9999999999999')
    expect(rows.map(({ price }) => price)).toEqual([100, 101, 102, 103, 104])

    const environment = { DRIFTWIRE_DATA: data, DRIFTWIRE_PORT: new URL(await server.url()).port }
    const retry = new DriftwireProcess(['spool', 'retry'], environment)
    expect([await retry.exited, retry.stderr]).toEqual([0, ''])
    expect(retry.stdout).toMatch(/^0 rows are sent again, among them those of 0 files;/)
    const unknown = await fetch(`${await server.url()}/v1/admin/spool/retry`, { method: 'POST' })
    expect(unknown.status).toBe(401)
    expect(await server.end('SIGTERM')).toBe(0)
  })
})
