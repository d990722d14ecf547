import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SHARD_KEYS } from '../storage/engine/shardKeys.ts'
import type { ClusterTables } from './clusterTables.ts'
import { end, message, program } from './program.ts'

let dir: string
let tables: ClusterTables
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cluster-'))
  const built = await program('clusterTables')
  const child = built.start(dir)
  tables = await message<ClusterTables>(child)
  await end(child, 'SIGKILL')
  await built.remove()
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const isLocal = (name: string): boolean => name.endsWith('_local')

describe('the migrations of a cluster', () => {
  it('run in the engine, each statement', () => {
    expect(tables.failed).toEqual([])
    expect(tables.ran).toBeGreaterThan(90)
  })

  it.each([
    ['all of them, on tables that are not replicated', 'single', 'spread'],
    ['all that make tables and views, on replicated ones', 'made', 'replicated'],
  ])('give the columns of one server: %s', (_, single, cluster) => {
    const [plain, spread] = [tables.columns[single]!, tables.columns[cluster]!]
    expect(
      Object.keys(spread)
        .filter(name => !isLocal(name))
        .sort(),
    ).toEqual(Object.keys(plain).sort())
    for (const [table, columns] of Object.entries(plain)) {
      const isTable = tables.engines[single]![table]![0]!.includes('MergeTree')
      if (isTable) expect(spread[`${table}_local`], `${table}_local`).toEqual(columns)
      expect(spread[table]?.map(withoutCodec), table).toEqual(columns.map(withoutCodec))
    }
  })

  it('replicate each table under a path of its own, and spread it by its key', () => {
    const engines = tables.engines.replicated!
    const names = Object.keys(engines).filter(isLocal)
    expect(names.length).toBeGreaterThan(15)
    for (const name of names) {
      const table = name.replace(/_local$/, '')
      const [local, front] = [engines[name]![0], engines[table]![0]]
      expect(local).toMatch(/^Replicated(Replacing|Aggregating)MergeTree\(/)
      expect(local).toContain(`'/clickhouse/tables/desk/{shard}/replicated/${table}', '{replica}'`)
      expect(front).toBe(`Distributed('desk', 'replicated', '${name}', cityHash64(${SHARD_KEYS[table]}))`)
    }
  })
})

/** A codec belongs to the table that has the rows. */
const withoutCodec = (column: string): string => column.replace(/CODEC\(.*\)$/, '')
