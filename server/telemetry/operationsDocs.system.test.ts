import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { DriftwireProcess, pathOf } from '../test/processKit.ts'

/** Figures that are there only after something has happened. */
const CONDITIONAL = new Set([
  'feeds.*.bad.*',
  'feeds.*.passed.*',
  'feeds.*.refused.*',
  'feeds.*.missing.*',
  'clients.refused.*',
  'accounts.refused.*',
  'sink.lastError',
  'sink.setAside.why',
  'sink.storedTo',
  'feeds.*.lag',
  'journal.failure',
  'journal.fault',
  'journal.whyAuditSetAside',
  'dex.whyAside',
  'dex.lastError',
  'marketNotes.whyAside',
  'marketNotes.lastError',
  'recorder.written',
  'recorder.dropped',
  'recorder.waitingBytes',
  'recorder.failure',
])

/** Paths of all figures; names of feeds become `*`, and so does what stands under `bad` and `refused` of clients and accounts. */
const pathsOf = (value: unknown, path: string): string[] => {
  const plain = path
    .replace(/^feeds\.[^.]+/, 'feeds.*')
    .replace(/^(feeds\.\*\.(?:bad|passed|refused|missing)|(?:clients|accounts)\.refused)\..+/, '$1.*')
  if (typeof value !== 'object' || value === null) return [plain]
  const own = plain === 'feeds.*.bad' ? [plain] : []
  return [...own, ...Object.entries(value).flatMap(([name, member]) => pathsOf(member, path === '' ? name : `${path}.${name}`))]
}

it('docs/operations.md lists every figure of status, and no other', async () => {
  const server = DriftwireProcess.serve('--data', pathOf('figures'))
  const [address] = /http:\/\/[^/\s]+/.exec(await server.printed())!
  const status: unknown = await (await fetch(`${address}/v1/state/status`)).json()
  await server.end('SIGTERM')

  const page = readFileSync(join(packageRoot(), 'docs', 'operations.md'), 'utf8')
  const section = page.split('\n## ').find(part => part.startsWith('The figures of'))!
  const listed = section
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .flatMap(line => [...line.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
  expect(new Set(listed).size).toBe(listed.length)
  const shown = new Set(pathsOf(status, ''))
  expect([...shown].filter(name => !listed.includes(name))).toEqual([])
  expect(listed.filter(name => !shown.has(name) && !CONDITIONAL.has(name))).toEqual([])
})
