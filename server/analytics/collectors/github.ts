import { z } from 'zod'
import { knownFrom, type Metric, newestPeriod, periodAt } from '../../../streams/analytics/features/metrics.ts'
import type { Environment } from '../../feeds/environment.ts'
import { type Asked, assetByAsset, type CollectedFact, type Collector } from './collector.ts'
import { SourceClient } from './sourceClient.ts'
import { SourceError } from './sourceError.ts'

/** Which repositories are asked for, and with which token. */
export interface GithubOptions {
  readonly url: string
  /** By asset: OWNER/NAME. */
  readonly repositories: Readonly<Record<string, string>>
  readonly token: string | undefined
  readonly everyMs: number
  readonly perMinute: number
  readonly environment: Environment
}

/** Months of the past that are read of a repository of which nothing is stored: a year, and what features compare it with. */
const FIRST_MONTHS = 12
/** Pages of a hundred commits that are read of one month; of a busier month nothing is known. */
const PAGES_MAX = 50

const REPOSITORY = z.object({ full_name: z.string(), stargazers_count: z.int().min(0), created_at: z.iso.datetime().transform(Date.parse) })
const COMMITS = z.array(
  z.object({ parents: z.array(z.unknown()), commit: z.object({ author: z.object({ email: z.string() }).nullable() }) }),
)
const COUNT = z.object({ total_count: z.int().min(0), incomplete_results: z.boolean() })
const LIST = z.array(z.unknown())

/** Collects the development activity of repositories: commits without merges and their authors, pull requests and issues opened, contributors, stars. */
export const githubCollector = ({ url, repositories, token, everyMs, perMinute, environment }: GithubOptions): Collector => {
  const client = new SourceClient({
    source: 'github',
    url,
    headers: { 'x-github-api-version': '2022-11-28', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    secrets: token === undefined ? [] : [token],
    rate: { perMinute, burst: 5 },
    keeps: true,
    environment,
  })
  return {
    source: 'github',
    everyMs,
    get figures() {
      return client.figures
    },
    collect: asked => assetByAsset(repositories, asked, (asset, repository) => activityOf(client, asset, repository, asked)),
  }
}

/** Gives what is new of a repository, once a day; the figures of the day itself last, because they say that it was done. */
async function* activityOf(client: SourceClient, asset: string, repository: string, asked: Asked): AsyncGenerator<CollectedFact[]> {
  const today = periodAt('stars', asked.now)
  if (asked.since(asset, 'stars') === today) return
  const { signal } = asked
  const found = await client.ask({ path: `/repos/${repository}`, form: REPOSITORY, signal }).catch(unlessMoved)
  if (found === undefined || found.value.full_name.toLowerCase() !== repository.toLowerCase()) {
    yield [{ asset, metric: 'repositoryBreak', period: periodAt('repositoryBreak', asked.now), value: 1, ref: repository }]
    throw new SourceError(`github: found that ${repository} has moved, expected its new name in the configuration`, 301)
  }
  const { created_at: createdAt, stargazers_count: stars } = found.value
  const months = monthsOf('commits', asset, asked)
  const begins = await historyFrom(client, repository, months, signal)
  // A history that is younger than its repository was squashed, or begun again.
  if (begins !== undefined && createdAt < begins) yield [{ asset, metric: 'repositoryBreak', period: begins, value: 1, ref: repository }]
  for (const period of months) if (period >= (begins ?? 0)) yield await commitsIn(client, asset, repository, period, signal)
  for (const [metric, type] of [
    ['pullRequests', 'pr'],
    ['issues', 'issue'],
  ] as const)
    for (const period of monthsOf(metric, asset, asked))
      if (createdAt < knownFrom(metric, period)) yield await openedIn(client, asset, repository, { metric, type }, period, signal)
  const contributors = await contributorsOf(client, repository, signal)
  const ofToday = { asset, period: today, ref: repository }
  if (contributors !== undefined) yield [{ ...ofToday, metric: 'contributors', value: contributors }]
  yield [{ ...ofToday, metric: 'stars', value: stars }]
}

/**
 * Returns the month in which the history of a repository begins, if it is one of these; of those before it nothing is known. Returns undefined if it is older,
 * and the month after them if they have no commit.
 */
const historyFrom = async (
  client: SourceClient,
  repository: string,
  months: readonly number[],
  signal: AbortSignal,
): Promise<number | undefined> => {
  const beforeIs = async (t: number): Promise<boolean> => {
    const query = { until: isoOf(t - 1000), per_page: '1' }
    return (await client.ask({ path: `/repos/${repository}/commits`, query, form: LIST, signal })).value.length > 0
  }
  if (months.length === 0 || (await beforeIs(months[0]!))) return undefined
  for (const period of months) if (await beforeIs(knownFrom('commits', period))) return period
  return knownFrom('commits', months.at(-1)!)
}

/** Returns the whole months that are not stored, and the newest that is: commits come later into a branch, too. */
const monthsOf = (metric: Metric, asset: string, { since, now }: Asked): number[] => {
  const newest = newestPeriod(metric, now)
  const first = since(asset, metric) ?? periodAt(metric, newest, FIRST_MONTHS - 1)
  const months: number[] = []
  for (let period = first; period <= newest; period = periodAt(metric, period, -1)) months.push(period)
  return months
}

const commitsIn = async (
  client: SourceClient,
  asset: string,
  repository: string,
  period: number,
  signal: AbortSignal,
): Promise<CollectedFact[]> => {
  const [since, until] = [isoOf(period), isoOf(knownFrom('commits', period) - 1000)]
  const path = `/repos/${repository}/commits`
  const authors = new Set<string>()
  let commits = 0
  for (let page = 1; ; page++) {
    if (page > PAGES_MAX) return []
    const { value } = await client.ask({ path, query: { since, until, per_page: '100', page: `${page}` }, form: COMMITS, signal })
    for (const { parents, commit } of value) {
      if (parents.length > 1) continue
      commits += 1
      if (commit.author) authors.add(commit.author.email.toLowerCase())
    }
    if (value.length < 100) break
  }
  const ref = `${repository} commits ${since.slice(0, 7)}`
  return [
    { asset, metric: 'commits', period, value: commits, ref },
    { asset, metric: 'authors', period, value: authors.size, ref },
  ]
}

const openedIn = async (
  client: SourceClient,
  asset: string,
  repository: string,
  { metric, type }: { readonly metric: Metric; readonly type: string },
  period: number,
  signal: AbortSignal,
): Promise<CollectedFact[]> => {
  const [from, to] = [isoOf(period), isoOf(knownFrom(metric, period) - 1000)]
  const q = `repo:${repository} type:${type} created:${from}..${to}`
  const { value } = await client.ask({ path: '/search/issues', query: { q, per_page: '1' }, form: COUNT, signal })
  // A search that was cut short has counted too few.
  return value.incomplete_results
    ? []
    : [{ asset, metric, period, value: value.total_count, ref: `${repository} ${type} ${from.slice(0, 7)}` }]
}

/** Returns how many have committed, by the number of the last page of one each; undefined if the list is too long for the source. */
const contributorsOf = async (client: SourceClient, repository: string, signal: AbortSignal): Promise<number | undefined> => {
  const asked = { path: `/repos/${repository}/contributors`, query: { anon: '1', per_page: '1' }, form: LIST, signal }
  try {
    const { value, link } = await client.ask(asked)
    const last = /[?&]page=(\d+)[^>]*>; *rel="last"/.exec(link ?? '')?.[1]
    return last === undefined ? value.length : Number(last)
  } catch (error) {
    if (error instanceof SourceError && (error.status === 403 || error.status === 422)) return undefined
    throw error
  }
}

const isoOf = (t: number): string => `${new Date(t).toISOString().slice(0, 19)}Z`

const unlessMoved = (error: unknown): undefined => {
  if (!(error instanceof SourceError && (error.status === 301 || error.status === 307 || error.status === 308))) throw error
}
