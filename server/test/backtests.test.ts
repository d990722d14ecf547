import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BacktestRun } from '../../streams/fund/backtest.ts'
import { backtestReport } from '../../streams/fund/backtestReport.ts'
import type { BacktestReport } from '../../streams/wire/answers/funds.ts'
import { Backtests } from '../backtest/backtests.ts'
import { BACKTEST_WISH, planOf } from '../backtest/wish.ts'
import { configuredFacts } from '../config/assetFacts.ts'
import { configSchema } from '../config/schema.ts'
import type { ColumnPage } from '../storage/read/history.ts'
import { ADMIN, bearer, newUser, send, type User } from './clearingKit.ts'
import { file, NOON, ProtocolServer } from './protocolKit.ts'

const HOUR = 3_600_000
const HOURS = 60
const ASSETS = ['A', 'B', 'C']

/** C is not traded in every hour, and at ten times the price after its redenomination. */
const closeOf = (asset: number, hour: number): number | undefined => {
  if (asset === 2 && hour % 7 === 3) return undefined
  const scale = asset === 2 && hour >= 30 ? 1_000 : 100
  return Number((scale * (1 + 0.5 * Math.sin((hour + 17 * asset) / (9 + 4 * asset)))).toPrecision(6))
}

const candles = ['symbol,open_time_ms,open,high,low,close,volume_base']
for (let hour = 0; hour < HOURS; hour++)
  for (const [i, asset] of ASSETS.entries()) {
    const close = closeOf(i, hour)
    if (close !== undefined) candles.push([`${asset}-USD`, NOON + hour * HOUR, close, close, close, close, 1].join(','))
  }

const FUND = { weighting: { scheme: 'market-cap', count: 2, cap: 0.6 }, rebalance: { assetThreshold: 0.05, feeBps: 10, coolOffMs: 0 } }
const SUPPLIES = { A: '1000', B: '500', C: '2000' }
const WISH = { fund: FUND, supplies: SUPPLIES, from: NOON, to: NOON + 100 * HOUR, interval: '1h' }
/** From the thirtieth hour on a C is worth ten of before. */
const EVENTS = file('events.csv', `t,asset,kind,ratio,to\n${NOON + 30 * HOUR},C,redenomination,10:1,\n`)
const CONFIG = { registration: 'open', assets: { A: { supply: '1' } } }

describe('POST /v1/backtests', () => {
  let server: ProtocolServer
  let ann: User
  beforeAll(async () => {
    server = await ProtocolServer.start(
      { ...CONFIG, events: EVENTS, feeds: [`replay:${file('candles.csv', candles.join('\n'))}`] },
      '--speed',
      'max',
    )
    await server.replayed()
    ann = await newUser(server, 'ann')
  })
  afterAll(() => server.stop())
  const ask = (wish: object, headers: Record<string, string> = bearer(ann.token)) => send(server, 'POST', '/v1/backtests', wish, headers)

  it('gives what the code that runs funds makes of the stored closes', async () => {
    const configured = configSchema.parse({ ...CONFIG, events: EVENTS })
    const { spec } = planOf(BACKTEST_WISH.parse(WISH), configured)
    const run = new BacktestRun(spec, 2 * HOUR, { events: (await configuredFacts(configured, '')).events, supplies: [] })
    for (let hour = 0; hour < HOURS; hour++) {
      const prices = ASSETS.flatMap((asset, i) => {
        const close = closeOf(i, hour)
        return close === undefined ? [] : [[asset, { t: NOON + (hour + 1) * HOUR - 1, price: close }] as const]
      })
      run.apply({ t: NOON + (hour + 1) * HOUR, prices: new Map(prices) })
    }
    const result = run.result()
    if ('pending' in result) throw new Error(`pending: ${result.pending}`)
    expect(result.rebalances.length).toBeGreaterThan(3)
    expect(result.fees).toBeGreaterThan(0)
    const { status, body } = await ask(WISH)
    expect([status, body]).toEqual([200, JSON.parse(JSON.stringify(backtestReport(spec, result)))])
    expect((await ask(WISH, ADMIN)).body).toEqual(body)
  })

  it('looks only at the time that is asked for', async () => {
    const { body } = await ask({ ...WISH, from: NOON + 10 * HOUR, to: NOON + 20 * HOUR })
    const { from, to, moments } = body as unknown as BacktestReport
    expect({ from, to, moments }).toEqual({ from: NOON + 10 * HOUR, to: NOON + 19 * HOUR, moments: 10 })
  })

  it.each([
    ['an end before its beginning', { to: NOON }, /^body\.to: found \d+, expected a time after from/],
    ['what nobody has traded', { fund: { weighting: { scheme: 'fixed', weights: { X: 1 } } } }, /^body\.fund: found no price of X from/],
    [
      'more prices than it looks at',
      { interval: '1m', to: NOON + 400_000 * 60_000 },
      /^body: found 3 assets × 400000 steps, expected at most/,
    ],
    ['a cap that cannot hold', { fund: { weighting: { ...FUND.weighting, cap: 0.1 } } }, /^body\.fund\.weighting\.cap: found 0\.1/],
    ['an interval that there is not', { interval: '2m' }, /^body\.interval: /],
    ['a fund with an id', { fund: { ...FUND, id: 'X' } }, /^body\.fund/],
  ])('says what is wrong with %s', async (_, wrong, detail) => {
    const { status, body } = await ask({ ...WISH, ...wrong })
    expect([status, body.code, body.detail]).toEqual([400, 'invalid_params', expect.stringMatching(detail)])
  })

  it('is for those who are logged in', async () => {
    expect(await ask(WISH, {})).toMatchObject({ status: 401, body: { code: 'not_logged_in' } })
  })

  it('counts what it did', async () => {
    const metrics = await (await server.fetch('/metrics')).text()
    const figure = (name: string): string | undefined => new RegExp(`^driftwire_backtests_${name} (\\d+)`, 'm').exec(metrics)?.[1]
    expect([figure('done_total'), figure('running'), figure('waiting'), figure('given_up_total')]).toEqual(['3', '0', '0', '0'])
  })
})

describe('backtests', () => {
  /** Each page of the past comes when the test lets it. */
  const held = () => {
    const asked: ((page: ColumnPage) => void)[] = []
    const backtests = new Backtests({
      facts: async () => ({ events: [], supplies: [] }),
      history: { columns: () => new Promise(resolve => asked.push(resolve)) },
      config: configSchema.parse(CONFIG),
      log: pino({ level: 'silent' }),
    })
    const start = (signal = new AbortController().signal) => backtests.run(BACKTEST_WISH.parse(WISH), signal)
    return { asked, backtests, start }
  }

  it('run one at a time, eight wait, and more are refused', async () => {
    const { asked, backtests, start } = held()
    const stop = new AbortController()
    const all = Array.from({ length: 9 }, () => start(stop.signal))
    const outcomes = Promise.allSettled(all)
    await expect(start()).rejects.toMatchObject({ code: 'too_much', retry: true })
    expect(backtests.figures).toEqual({ running: 1, waiting: 8, done: 0, refused: 1, givenUp: 0 })
    expect(asked).toHaveLength(1)
    stop.abort()
    asked[0]!({ columns: { open_t: [], c: [] } })
    expect((await outcomes).map(({ status }) => status)).toEqual(Array(9).fill('rejected'))
    // Of those that waited nobody has asked for the past any more.
    expect(asked).toHaveLength(1)
    expect(backtests.figures).toEqual({ running: 0, waiting: 0, done: 0, refused: 1, givenUp: 9 })
  })

  it('leave their places when they are given up, while another goes on', async () => {
    const { asked, backtests, start } = held()
    const stop = new AbortController()
    const running = start(stop.signal)
    const leave = new AbortController()
    const waiting = Array.from({ length: 8 }, () => start(leave.signal))
    const given = Promise.allSettled(waiting)
    leave.abort()
    for (const outcome of await given) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'too_much' } })
    expect(backtests.figures).toEqual({ running: 1, waiting: 0, done: 0, refused: 0, givenUp: 8 })
    const next = start(stop.signal)
    expect(backtests.figures).toMatchObject({ running: 1, waiting: 1, refused: 0 })
    const ended = Promise.allSettled([running, next])
    stop.abort()
    asked[0]!({ columns: { open_t: [], c: [] } })
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(backtests.figures).toEqual({ running: 0, waiting: 0, done: 0, refused: 0, givenUp: 10 })
  })

  it('end with their requests, also while the thread computes', async () => {
    const { asked, backtests, start } = held()
    const stop = new AbortController()
    const gone = expect(start(stop.signal)).rejects.toMatchObject({ code: 'too_much' })
    const times = Array.from({ length: 10_000 }, (_, i) => NOON + i)
    for (let i = 0; i < 3; i++) {
      await expect.poll(() => asked.length).toBe(i + 1)
      asked[i]!({ columns: { open_t: times, c: times.map(t => 100 + (t % 7)) } })
    }
    await new Promise(resolve => setImmediate(resolve))
    stop.abort()
    await gone
    expect(backtests.figures).toMatchObject({ running: 0, givenUp: 1 })
  })
})
