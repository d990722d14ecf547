import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minute } from '../../clients/dashboard/src/format/time.ts'
import type { StoredAlertsAnswer } from '../../streams/wire/answers/alerts.ts'
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

  describe('can be read by everybody', () => {
    const LOOKS = [
      ['dark', 400],
      ['light', 1_440],
    ] as const
    it.each(['/alerts'])('at %s', async view => {
      await visitor.goOn(view)
      for (const [colorScheme, width] of LOOKS) {
        await Promise.all([visitor.page.emulateMedia({ colorScheme }), visitor.page.setViewportSize({ width, height: 900 })])
        expect([colorScheme, await visitor.violations(), await visitor.tooWide()]).toEqual([colorScheme, [], 0])
      }
    })
  })
})
