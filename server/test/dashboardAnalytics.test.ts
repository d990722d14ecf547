import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ABSENT, fixed, percent, signed, signedPercent } from '../../clients/dashboard/src/format/number.ts'
import { minute } from '../../clients/dashboard/src/format/time.ts'
import { facts, wandering } from '../../streams/analytics/test/worlds.ts'
import type { StoredAlertsAnswer } from '../../streams/wire/answers/alerts.ts'
import type { DayScores, ModelList, PeersAnswer } from '../../streams/wire/answers/scores.ts'
import type { ScoreState } from '../../streams/wire/states.ts'
import { chromiumPath, openBrowser, Visitor } from './browser.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'

const NOON = Date.UTC(2024, 7, 8, 12)
const ADMIN = 'a-token-of-the-operator'
const PRICES = { BTC: 60_000, ETH: 2_500, SOL: 150 }

/** Ten minutes: a trade a second of three assets, whose prices go up and down by half a percent. */
const trades = (): string =>
  `symbol,ts_ms,price,qty,trade_id,side\n${Array.from({ length: 600 }, (_, i) =>
    Object.entries(PRICES)
      .map(
        ([asset, price]) =>
          `${asset}-USD,${NOON + 1_000 * i + 10},${(price * (1 + Math.sin(i / 40) / 200)).toFixed(4)},0.5,${asset}${i},buy\n`,
      )
      .join(''),
  ).join('')}`

const config = (): string =>
  JSON.stringify({
    feeds: [`replay:${written('trades.csv', trades())}`],
    alerts: {
      rules: [
        { id: 'dip', channel: 'tick:BTC-USD', figure: 'price', below: 59_800 },
        { id: 'high', channel: 'tick:ETH-USD', figure: 'price', above: 1, severity: 'critical' },
        { id: 'all', channel: 'tick:*', figure: 'price', above: 1, together: { atLeast: 3, withinMs: 60_000 } },
      ],
    },
  })

// Without a browser there is nothing to test: `.ci/run` installs Debian's package `chromium`.
describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
  let server: DriftwireProcess
  let browser: Browser
  let visitor: Visitor
  beforeAll(async () => {
    written('config.json', config())
    const args = [
      'serve',
      '--port',
      '0',
      '--log-level',
      'warn',
      '--speed',
      'max',
      '--config',
      pathOf('config.json'),
      '--data',
      pathOf('data'),
    ]
    server = new DriftwireProcess(args, { DRIFTWIRE_ADMIN_TOKEN: ADMIN })
    ;[browser] = await Promise.all([openBrowser(), server.replayed()])
    visitor = await Visitor.come(browser, await server.url(), { reducedMotion: 'reduce' })
    await visitor.open('/')
  })
  afterAll(async () => {
    expect([visitor?.complaints, visitor?.strangers]).toEqual([[], []])
    await browser?.close()
  })

  const post = async (path: string, body: string, type = 'application/json'): Promise<void> => {
    const answer = await fetch(`${await server.url()}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': type },
      body,
    })
    expect(`${answer.status} ${await answer.text()}`).toMatch(/^200 /)
  }

  it('loads its first page in under 120 KB, as they go over the line', async () => {
    const bytes = await visitor.page.evaluate(() =>
      performance.getEntriesByType('resource').reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
    )
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThan(120_000)
  })

  it('shows alerts that are open with what they are about, and counts them wherever one is', async () => {
    const { alerts } = await server.json<StoredAlertsAnswer>('/v1/alerts?state=open')
    const link = visitor.page.getByRole('link', { name: /^Alerts/ })
    await expect.poll(() => link.textContent()).toBe(`Alerts ${alerts.length} open`)
    await link.click()
    const single = alerts.filter(({ members }) => members === undefined)
    const rows = await visitor.someRows('Open alerts')
    expect(rows.map(row => row.slice(0, 4)).sort()).toEqual(
      single.map(({ rule, severity, channel, figure }) => [rule, severity, channel, figure]).sort(),
    )
    expect(rows.find(([rule]) => rule === 'high')![5]).toMatch(/^2,\d{3}(\.\d+)?, above 1$/)
    await visitor.page.getByText('price: 3 of tick:* at once').waitFor()
    await visitor.page.getByText('3 channels').click()
    await visitor.page.getByRole('link', { name: 'tick:SOL-USD' }).first().click()
    await visitor.page.getByRole('heading', { name: 'SOL-USD' }).waitFor()
  })

  it('shows alerts that are over from the store', async () => {
    const { alerts } = await server.json<StoredAlertsAnswer>('/v1/alerts?state=cleared')
    expect(alerts.length).toBeGreaterThan(0)
    await visitor.goOn('/alerts')
    await expect.poll(() => visitor.rows('Past alerts')).toHaveLength(alerts.length)
    const rows = await visitor.rows('Past alerts')
    expect(rows.map(row => [row[0], row[2], row[3], row[7]])).toEqual(
      alerts.map(({ rule, channel, since, why }) => [rule, channel, minute(since), why]),
    )
  })

  describe('with models that were trained on lists of assets', () => {
    beforeAll(async () => {
      const lists = wandering(16, 34, 1).map(({ t, assets }) => ({ t, assets: [...assets, facts('Tether', { symbol: 'USDT' })] }))
      await post('/v1/admin/snapshots', lists.map(list => `${JSON.stringify(list)}\n`).join(''), 'application/x-ndjson')
      await post('/v1/admin/models/train', JSON.stringify({ horizon: 1, seed: 1 }))
      const metric = { asset: 'COIN1', period: NOON - 129_600_000, source: 'test' }
      const metrics = [
        { ...metric, metric: 'tvl', value: 12_345_678 },
        { ...metric, metric: 'utilisation', value: 0.5 },
      ]
      await post('/v1/admin/metrics', metrics.map(line => `${JSON.stringify(line)}\n`).join(''), 'application/x-ndjson')
    }, 60_000)

    it('ranks all assets that were scored, the best first, and says of the others why they were not', async () => {
      const { scores, unscored } = await server.json<DayScores>('/v1/scores')
      expect([scores.length > 10, unscored.map(({ asset }) => asset)]).toEqual([true, ['USDT']])
      const wanted = [
        ...scores.map(({ asset, rank, of, score, p, worst, lo, hi, expected }) => [
          ...[asset, `${rank} of ${of}`, fixed(score, 1), percent(p, 1), percent(worst, 1)],
          ...[`${signedPercent(lo, 1)} to ${signedPercent(hi, 1)}`, fixed(expected, 1), 'stale'],
        ]),
        ...unscored.map(({ asset, reason }) => [asset, ...Array.from({ length: 6 }, () => ABSENT), `${reason}, stale`]),
      ]
      // Names are asked for when a document is loaded, and then every ten seconds.
      await visitor.open('/analytics')
      await expect
        .poll(async () => (await visitor.rows('Scores')).map(row => [...row.slice(0, 7), row[8]!]), { timeout: 15_000 })
        .toEqual(wanted)
      await visitor.page.getByRole('columnheader', { name: 'P(worst third)' }).getByRole('button').click()
      const most = Math.max(...scores.map(({ worst }) => worst))
      await expect.poll(async () => (await visitor.rows('Scores'))[0]?.[4]).toBe(percent(most, 1))
    })

    it('shows an asset: reasons that add up, its past, its metrics with source and age, and its peers', async () => {
      const state = await server.json<ScoreState>('/v1/state/score:COIN1')
      const { base, expected, why, score } = state.horizon!['1m']!
      await visitor.page.getByRole('link', { name: 'COIN1', exact: true }).first().click()
      await expect.poll(() => visitor.figure('Score', 'score:COIN1').textContent()).toBe(fixed(score, 1))
      const rows = visitor.page.locator('.reasons tbody tr')
      await expect.poll(() => rows.count()).toBe(Object.keys(why!).length + 2)
      const points = (await rows.locator('td:nth-child(2)').allTextContents()).map(text => Number(text.replace('−', '-')))
      expect([points[0], points.at(-1)]).toEqual([base, expected].map(value => Number(value!.toFixed(2))))
      expect(points.slice(0, -1).reduce((sum, part) => sum + part)).toBeCloseTo(expected!, 0)
      const metricRows = async (): Promise<unknown> =>
        (await visitor.rows('COIN1 metrics')).map(row => [row[0], row[1], row[2], row[3], row[6], row[7]])
      await expect.poll(metricRows).toEqual([
        ['tvl', '12.35\u00a0M', 'USD', '2024-08-07', 'test', ''],
        ['utilisation', '50.00\u00a0%', 'ratio', '2024-08-07', 'test', ''],
      ])
      await visitor.page.getByRole('group', { name: 'COIN1 score over time' }).getByRole('button', { name: 'Table' }).click()
      expect((await visitor.someRows('COIN1 score over time, values')).map(row => row[1])).toEqual([fixed(score, 1)])
      const { peers } = await server.json<PeersAnswer>('/v1/peers/COIN1?count=8')
      expect((await visitor.someRows('COIN1 and its peers')).map(row => row.slice(0, 2))).toEqual([
        ['COIN1', ABSENT],
        ...peers!.map(({ asset, distance }) => [asset, fixed(distance, 3)]),
      ])
    })

    it('is one click away from the overview', async () => {
      await visitor.goOn('/')
      await visitor.page.getByRole('link', { name: /^\d+ assets with scores/ }).click()
      await visitor.page.getByRole('heading', { name: 'Analytics' }).waitFor()
    })

    it('shows the models that are used, and what is known of one', async () => {
      const { models } = await server.json<ModelList>('/v1/models')
      const { version, ic } = models[0]!
      await visitor.goOn('/models')
      await visitor.page.getByText('There is no challenger, so there is nothing to compare.').waitFor()
      expect((await visitor.someRows('Models')).map(row => [row[0], row[2], row[5]])).toEqual([
        [version.slice(0, 12), 'champion', signed(ic.mean, 3)],
      ])
      expect((await visitor.someRows('Aliases')).map(row => [row[2], row[3]])).toEqual([['champion', version.slice(0, 12)]])
      await visitor.page
        .getByRole('link', { name: version.slice(0, 12) })
        .first()
        .click()
      const skills = await visitor.someRows('Skill of the models')
      expect(skills.find(([name]) => name === 'ensemble')![1]).toBe(signed(ic.mean, 3))
    })
  })

  describe('can be read by everybody', () => {
    const LOOKS = [
      ['dark', 400],
      ['light', 1_440],
    ] as const
    it.each(['/alerts', '/analytics', '/analytics/COIN1', '/models'])('at %s', async view => {
      await visitor.goOn(view)
      for (const [colorScheme, width] of LOOKS) {
        await Promise.all([visitor.page.emulateMedia({ colorScheme }), visitor.page.setViewportSize({ width, height: 900 })])
        expect([colorScheme, await visitor.violations(), await visitor.tooWide()]).toEqual([colorScheme, [], 0])
      }
    })
  })
})
