import Database from 'libsql'
import { expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'

const ran = async (args: readonly string[], environment = {}): Promise<[unknown, string, string]> => {
  const process = new DriftwireProcess(['verify', ...args], environment)
  return [await process.exited, process.stdout, process.stderr]
}

it('verify follows the journal of a directory, asks the server that holds it, and names the entry that does not follow', async () => {
  const fund = { id: 'F', weighting: { scheme: 'units', units: { A: '2', B: '1' } } }
  const config = written('verify.json', JSON.stringify({ funds: [fund], feeds: [] }))
  const data = pathOf('verified')
  const server = DriftwireProcess.serve('--data', data, '--config', config)
  await server.status(({ journal }) => (journal as { entries: number }).entries === 2)
  const url = await server.url()
  expect(await ran([data], { DRIFTWIRE_URL: url })).toEqual([0, `${url}: 2 of 2 entries, each follows from all before it\n`, ''])
  expect(await ran([data, '--url', url])).toEqual([0, expect.stringContaining('2 of 2 entries'), ''])
  const [code, , unanswered] = await ran([data, '--url', 'http://127.0.0.1:9'])
  expect([code, unanswered]).toEqual([
    1,
    expect.stringMatching(/found that another process holds it, and http:\/\/127\.0\.0\.1:9 does not answer/),
  ])
  await server.end('SIGTERM')

  expect(await ran([data])).toEqual([
    0,
    expect.stringMatching(/journal\.db: 2 entries, each follows from all before it; the last has the hash [0-9a-f]{64}\n$/),
    '',
  ])
  const db = new Database(`${data}/journal.db`)
  db.exec(`UPDATE blocks SET entries = CAST(replace(CAST(entries AS TEXT), '"kind":"define"', '"kind": "define"') AS BLOB)`)
  db.close()
  expect(await ran([data])).toEqual([
    1,
    '',
    expect.stringMatching(/^driftwire: .*journal\.db: entry 1 does not follow from those before it; start with --repair/),
  ])
  expect((await ran([pathOf('nothing')]))[0]).toBe(2)
})
