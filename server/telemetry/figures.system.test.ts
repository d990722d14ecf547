import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { DriftwireProcess, pathOf } from '../test/processKit.ts'
import { runTool, systemTool } from '../test/systemTool.ts'
import { METRICS } from './metricList.ts'

/** Figures that are there only after something has happened. */
const CONDITIONAL = new Set([
  ...['written', 'bytes', 'failures', 'dropped', 'waiting', 'answerMs', 'gateways', 'wanted', 'snapshots'].map(name => `frames.${name}`),
  ...['entries', 'bytes', 'failures', 'holes', 'rejoins', 'healed', 'terms', 'unreadable', 'silentMs'].map(name => `followed.${name}`),
  ...['leads', 'written', 'dropped', 'waiting', 'entries', 'bytes', 'failures', 'missed', 'unreadable', 'foreign', 'terms'].map(
    name => `sharedFeeds.${name}`,
  ),
  ...['behindMs', 'silentMs'].map(name => `sharedFeeds.${name}`),
  ...['sockets', 'waiting', 'asked', 'holes', 'undelivered'].map(name => `nodes.${name}`),
  ...['waiting', 'asked', 'unanswered', 'holes'].map(name => `asking.${name}`),
  ...['read', 'again', 'failed', 'refused', 'notStored', 'codes.computed', 'codes.known'].map(name => `contracts.${name}`),
  'scores.t',
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
  // Of a ledger in Redis.
  'journal.term',
  'journal.healed',
  'journal.replicas',
  'dex.whyAside',
  'dex.lastError',
  'marketNotes.whyAside',
  'marketNotes.lastError',
  'replicas.asked',
  'replicas.failed',
  'replicas.fallbacks',
  'replicas.down',
  'replicas.lastError',
  'traces.exported',
  'traces.dropped',
  'traces.waiting',
  'traces.failures',
  'recorder.written',
  'recorder.dropped',
  'recorder.waitingBytes',
  'recorder.failure',
  'parts.*.why',
  // With sources of metrics.
  ...['state', 'stale', 'runs', 'failures', 'facts', 'early', 'bad', 'requests', 'retries', 'unchanged', 'ageMs', 'failing.*'].map(
    name => `collectors.*.${name}`,
  ),
  // With rules.
  ...['rules', 'watched', 'unwatched', 'open', 'opened'].map(name => `alerts.${name}`),
  ...['waiting', 'stored', 'retries', 'dropped', 'setAside', 'whyAside', 'lastError'].map(name => `alerts.rows.${name}`),
  ...['waiting', 'sent', 'retries', 'dropped', 'refused', 'lastError'].map(name => `alerts.webhooks.${name}`),
  // Of a server that speaks TLS.
  'tls.expires',
  'tls.renewed',
  'tls.failed',
])

/** Paths of all figures; names of feeds become `*`, and so does what stands under `bad` and `refused` of clients and accounts. */
const pathsOf = (value: unknown, path: string): string[] => {
  const plain = path
    .replace(/^(feeds|parts|collectors)\.[^.]+/, '$1.*')
    .replace(/^(feeds\.\*\.(?:bad|passed|refused|missing)|(?:clients|accounts)\.refused)\..+/, '$1.*')
  if (typeof value !== 'object' || value === null) return [plain]
  const own = plain === 'feeds.*.bad' ? [plain] : []
  return [...own, ...Object.entries(value).flatMap(([name, member]) => pathsOf(member, path === '' ? name : `${path}.${name}`))]
}

/** Lines of tables of a section of docs/operations.md: the names in their first cell. */
const listedIn = (heading: string): string[] => {
  const page = readFileSync(join(packageRoot(), 'docs', 'operations.md'), 'utf8')
  const section = page.split('\n## ').find(part => part.startsWith(heading))!
  return section
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .flatMap(line => [...line.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
}

/** Numbers by their paths, names of feeds and the like as they are. */
const numbersOf = (value: unknown, path: string): string[] => {
  if (typeof value === 'number') return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => numbersOf(member, path === '' ? name : `${path}.${name}`))
}
const fits = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^.]+')}$`).test(path)

describe('a server', () => {
  let server: DriftwireProcess
  let status: unknown
  let metrics: string
  let readiness: { readonly ready: boolean; readonly parts: Readonly<Record<string, { readonly state: string }>> }
  beforeAll(async () => {
    server = DriftwireProcess.serve('--data', pathOf('figures'))
    await server.ready()
    status = await server.json('/v1/state/status')
    readiness = await server.json('/readyz')
    metrics = await (await fetch(`${await server.url()}/metrics`)).text()
  })
  afterAll(() => server.end('SIGTERM'))

  it('shows every figure of status that docs/operations.md lists, and no other', () => {
    const listed = listedIn('The figures of')
    expect(new Set(listed).size).toBe(listed.length)
    const shown = new Set(pathsOf(status, ''))
    expect([...shown].filter(name => !listed.includes(name))).toEqual([])
    expect(listed.filter(name => !shown.has(name) && !CONDITIONAL.has(name))).toEqual([])
  })

  it('shows every number of status in one metric, and no metric of a figure that docs/operations.md does not list', () => {
    const unshown = numbersOf(status, '').filter(
      path => METRICS.filter(({ figure, is }) => is === undefined && fits(figure, path)).length !== 1,
    )
    expect(unshown).toEqual([])
    const listed = listedIn('The figures of')
    expect(METRICS.filter(({ figure }) => !listed.some(name => fits(figure, name) || fits(`${figure}.*`, name)))).toEqual([])
  })

  it('is ready, and says of each part that docs/operations.md lists how it is', () => {
    expect(readiness.ready).toBe(true)
    expect(Object.keys(readiness.parts)).toEqual(listedIn('Is it well?'))
  })

  // Without promtool there is nothing to ask: `.ci/run` installs Debian's package `prometheus`.
  it.skipIf(systemTool('promtool') === undefined)('has metrics about which promtool says nothing', () => {
    expect(runTool(systemTool('promtool')!, ['check', 'metrics'], { input: metrics })).toEqual([0, ''])
    const [code, said] = runTool(systemTool('promtool')!, ['check', 'metrics'], { input: '# TYPE wrong_ms counter\nwrong_ms 1\n' })
    expect([code, said]).toEqual([3, expect.stringContaining('should have "_total" suffix')])
  })
})
