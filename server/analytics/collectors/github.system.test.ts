import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DAY } from '../../../streams/market/candles.ts'
import { collected } from '../../test/collecting.ts'
import { type AskedSource, hurriedEnvironment, type SourceAnswer, SourceServer } from '../../test/sourceServer.ts'
import { githubCollector } from './github.ts'

const NOW = Date.UTC(2026, 2, 10, 6)
const TOKEN = 'ghp_averysecrettoken'

interface Commit {
  readonly t: string
  readonly email: string
  readonly parents: number
}

/** 130 commits of 13 authors in January, ten of them merges; two in February, one by nobody who is known. */
const COMMITS: readonly Commit[] = [
  ...Array.from({ length: 130 }, (_, i) => ({ t: '2026-01-31T23:59:59Z', email: `A${i % 13}@x.org`, parents: i < 10 ? 2 : 1 })),
  { t: '2026-02-01T00:00:00Z', email: 'a1@x.org', parents: 0 },
  { t: '2026-02-28T12:00:00Z', email: '', parents: 1 },
  { t: '2026-03-05T12:00:00Z', email: 'b@x.org', parents: 1 },
]

const answers = ({ url }: AskedSource): SourceAnswer => {
  const query = url.searchParams
  if (url.pathname === '/repos/aave/core')
    return { headers: { etag: '"r1"' }, body: { full_name: 'Aave/core', stargazers_count: 321, private: false } }
  if (url.pathname === '/repos/aave/core/contributors')
    return {
      headers: { link: '<https://x/c?anon=1&per_page=1&page=2>; rel="next", <https://x/c?anon=1&per_page=1&page=87>; rel="last"' },
      body: [{}],
    }
  if (url.pathname === '/repos/aave/core/commits') {
    const found = COMMITS.filter(({ t }) => t >= query.get('since')! && t <= query.get('until')!)
    const page = Number(query.get('page'))
    const shown = found.slice((page - 1) * 100, page * 100)
    return {
      body: shown.map(({ email, parents }) => ({
        sha: 'x',
        parents: Array(parents).fill({}),
        commit: { author: email === '' ? null : { email } },
      })),
    }
  }
  if (url.pathname === '/search/issues') {
    const february = query.get('q')!.includes('created:2026-02-01T00:00:00Z..2026-02-28T23:59:59Z')
    return { body: { total_count: february ? (query.get('q')!.includes('type:pr') ? 12 : 5) : 1, incomplete_results: false, items: [] } }
  }
  return { status: 404, body: { message: 'Not Found' } }
}

let server: SourceServer
beforeAll(async () => {
  server = await SourceServer.start()
})
afterAll(() => server.close())
beforeEach(() => server.begin(answers))

const opened = (repositories: Record<string, string> = { AAVE: 'aave/core' }) =>
  githubCollector({ url: server.url, repositories, token: TOKEN, everyMs: DAY, perMinute: 6_000, environment: hurriedEnvironment(NOW) })
const january = (): number => Date.UTC(2026, 0, 1)

describe('GitHub', () => {
  it('gives commits without merges and their authors by whole month, over all pages', async () => {
    const { of, failed } = await collected(opened(), NOW, january)
    expect(failed).toEqual({})
    expect(of('AAVE', 'commits')).toEqual({ '2026-01-01': 120, '2026-02-01': 2 })
    expect(of('AAVE', 'authors')).toEqual({ '2026-01-01': 13, '2026-02-01': 1 })
  })

  it('gives pull requests and issues of each month, and stars and contributors of the day', async () => {
    const { of } = await collected(opened(), NOW, january)
    expect(of('AAVE', 'pullRequests')).toEqual({ '2026-01-01': 1, '2026-02-01': 12 })
    expect(of('AAVE', 'issues')).toEqual({ '2026-01-01': 1, '2026-02-01': 5 })
    expect([of('AAVE', 'stars'), of('AAVE', 'contributors')]).toEqual([{ '2026-03-10': 321 }, { '2026-03-10': 87 }])
  })

  it('is asked for a year if nothing is stored', async () => {
    const { of } = await collected(opened(), NOW)
    expect(Object.keys(of('AAVE', 'commits'))).toHaveLength(12)
    expect(Object.keys(of('AAVE', 'commits'))[0]).toBe('2025-03-01')
  })

  it('is asked with its token in a header and nowhere else, and what has not changed costs nothing', async () => {
    const collector = opened()
    await collected(collector, NOW, january)
    server.begin(asked => (asked.headers['if-none-match'] === '"r1"' ? { status: 304 } : answers(asked)))
    const { of } = await collected(collector, NOW, january)
    expect(of('AAVE', 'stars')).toEqual({ '2026-03-10': 321 })
    expect(collector.figures.unchanged).toBe(1)
    for (const { url, headers } of server.asked)
      expect([headers.authorization, url.href.includes(TOKEN)]).toEqual([`Bearer ${TOKEN}`, false])
  })

  it('waits for an answer that is being computed', async () => {
    server.faults = [undefined, { status: 202, body: {} }, { status: 202, body: {} }]
    const collector = opened()
    expect((await collected(collector, NOW, january)).of('AAVE', 'contributors')).toEqual({ '2026-03-10': 87 })
    expect(collector.figures.retries).toBe(2)
  })

  it('without a list of contributors, as too long for it, gives all else', async () => {
    server.faults = [undefined, { status: 422, body: { message: 'too large' } }]
    const { of, failed } = await collected(opened(), NOW, january)
    expect([failed, of('AAVE', 'contributors'), of('AAVE', 'stars')]).toEqual([{}, {}, { '2026-03-10': 321 }])
  })

  it('says that a repository has moved: counts of before and after cannot be compared', async () => {
    server.begin(({ url }) =>
      url.pathname === '/repos/aave/core'
        ? { status: 301, headers: { location: '/repositories/7' }, body: { message: 'Moved' } }
        : answers({ url } as AskedSource),
    )
    const { of, facts, failed } = await collected(opened(), NOW, january)
    expect([of('AAVE', 'repositoryBreak'), facts.length]).toEqual([{ '2026-03-01': 1 }, 1])
    expect(failed.AAVE).toBe('github: found that aave/core has moved, expected its new name in the configuration')
  })

  it('counts nothing of a search that was cut short', async () => {
    server.begin(asked =>
      asked.url.pathname === '/search/issues' ? { body: { total_count: 3, incomplete_results: true } } : answers(asked),
    )
    const { of } = await collected(opened(), NOW, january)
    expect([of('AAVE', 'issues'), of('AAVE', 'pullRequests')]).toEqual([{}, {}])
  })

  it.each<SourceAnswer>([
    'cut',
    'empty',
    'page',
    { status: 202 },
    {
      status: 403,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${NOW / 1000 + 3_600}` },
      body: { message: 'API rate limit exceeded' },
    },
    { status: 429, headers: { 'retry-after': '5' } },
    { status: 422, body: { message: `Validation Failed for ${TOKEN}` } },
    { status: 500 },
  ])('gives no false value and no token, whatever it does instead: %j', async fault => {
    server.begin(() => fault)
    const { facts, failed } = await collected(opened(), NOW)
    expect([facts, Object.keys(failed)]).toEqual([[], ['AAVE']])
    expect(failed.AAVE).not.toContain('secret')
  })
})
