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
  { t: '2020-01-02T00:00:00Z', email: 'a1@x.org', parents: 0 },
  ...Array.from({ length: 130 }, (_, i) => ({ t: '2026-01-31T23:59:59Z', email: `A${i % 13}@x.org`, parents: i < 10 ? 2 : 1 })),
  { t: '2026-02-01T00:00:00Z', email: 'a1@x.org', parents: 1 },
  { t: '2026-02-28T12:00:00Z', email: '', parents: 1 },
  { t: '2026-03-05T12:00:00Z', email: 'b@x.org', parents: 1 },
]

/** When the repository was made, and where its history begins. */
let created = '2020-01-01T00:00:00Z'
let oldest = ''

const answers = ({ url }: AskedSource): SourceAnswer => {
  const query = url.searchParams
  if (url.pathname === '/repos/aave/core')
    return { headers: { etag: '"r1"' }, body: { full_name: 'Aave/core', stargazers_count: 321, created_at: created, private: false } }
  if (url.pathname === '/repos/aave/core/contributors')
    return {
      headers: { link: '<https://x/c?anon=1&per_page=1&page=2>; rel="next", <https://x/c?anon=1&per_page=1&page=87>; rel="last"' },
      body: [{}],
    }
  if (url.pathname === '/repos/aave/core/commits') {
    const found = COMMITS.filter(({ t }) => t >= (query.get('since') ?? oldest) && t <= query.get('until')!)
    const [page, size] = [Number(query.get('page') ?? 1), Number(query.get('per_page'))]
    const shown = found.slice((page - 1) * size, page * size)
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
beforeEach(() => {
  server.begin(answers)
  created = '2020-01-01T00:00:00Z'
  oldest = ''
})

const opened = (repositories: Record<string, string> = { AAVE: 'aave/core' }) =>
  githubCollector({ url: server.url, repositories, token: TOKEN, everyMs: DAY, perMinute: 6_000, environment: hurriedEnvironment(NOW) })
const january = (): number => Date.UTC(2026, 0, 1)

/** How often it answers that the list of contributors is being computed. */
const slow = (times: number) => {
  let left = times
  return (asked: AskedSource): SourceAnswer =>
    asked.url.pathname.endsWith('/contributors') && left-- > 0 ? { status: 202, body: {} } : answers(asked)
}

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
    server.begin(slow(2))
    const collector = opened()
    expect((await collected(collector, NOW, january)).of('AAVE', 'contributors')).toEqual({ '2026-03-10': 87 })
    expect(collector.figures.retries).toBe(2)
  })

  it('without a list of contributors, as too long for it, gives all else', async () => {
    server.begin(asked => (asked.url.pathname.endsWith('/contributors') ? { status: 422, body: { message: 'too large' } } : answers(asked)))
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

  it('says that a history was squashed or begun again, and nothing of the months before', async () => {
    oldest = '2026-01-31T00:00:00Z'
    const { of } = await collected(opened(), NOW)
    expect(of('AAVE', 'repositoryBreak')).toEqual({ '2026-01-01': 1 })
    expect(of('AAVE', 'commits')).toEqual({ '2026-01-01': 120, '2026-02-01': 2 })
  })

  it('says no zero of months before a repository was there, and no break', async () => {
    oldest = '2026-02-01T00:00:00Z'
    created = '2026-02-01T00:00:00Z'
    const { of } = await collected(opened(), NOW)
    expect([of('AAVE', 'repositoryBreak'), of('AAVE', 'commits'), of('AAVE', 'pullRequests')]).toEqual([
      {},
      { '2026-02-01': 2 },
      { '2026-02-01': 12 },
    ])
  })

  it('is asked once a day', async () => {
    expect((await collected(opened(), NOW, () => Date.UTC(2026, 2, 10))).facts).toEqual([])
    expect(server.asked).toEqual([])
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
