import { describe, expect, it } from 'vitest'
import { parseDecimal } from '../lib/decimal.ts'
import type { Transaction } from '../pnl/transaction.ts'
import { minted } from '../pools/test/v3Logs.ts'
import { sqrtRatioAtTick } from '../pools/uniswapV3/tickMath.ts'
import { initializeV3, logAt, poolSpec, swapV2, swapV3, sync, token } from '../test/chain.ts'
import { Driven, fundSpec, NOON } from '../test/drive.ts'
import type { JsonObject } from '../wire/mergePatch.ts'
import { eachLeaf } from '../wire/statePath.ts'
import { explain } from './explain.ts'
import type { Explained } from './explanation.ts'
import { evaluated } from './test/formula.ts'

const MINUTE = 60_000
const COINS = { token0: token('USDC', 6, 'USD'), token1: token('WETH', 18, 'ETH') } as const
const at = (address: string) => `0x${address.repeat(20)}`

const tx = (
  t: number,
  type: Transaction['type'],
  asset: string,
  qty: string,
  price?: string,
  more: Partial<Transaction> = {},
): Transaction => ({
  id: `${type} ${t}`,
  t,
  type,
  asset,
  qty: parseDecimal(qty)!,
  price: price === undefined ? undefined : parseDecimal(price),
  fee: 0n,
  account: '',
  toAccount: '',
  cost: undefined,
  ...more,
})
const ROWS: Transaction[] = [
  tx(NOON - 50, 'deposit', 'USD', '50000', '1', { account: 'bank' }),
  tx(NOON - 40, 'buy', 'BTC', '0.5', '60000', { fee: parseDecimal('12')!, account: 'cold' }),
  tx(NOON - 30, 'buy', 'BTC', '0.25', '61000', { fee: parseDecimal('3')! }),
  tx(NOON - 20, 'income', 'ETH', '2', '2500'),
  tx(NOON - 10, 'buy', 'DUST', '7', '3'),
  tx(NOON + 3 * MINUTE, 'sell', 'BTC', '0.3', '62000', { fee: parseDecimal('7')! }),
  tx(NOON + 4 * MINUTE, 'fee', 'ETH', '0.01', '2500'),
  tx(NOON + 5 * MINUTE, 'withdraw', 'USD', '1000', '1'),
]
const portfolio = (id: string, method: 'fifo' | 'hifo' | 'average', more: object = {}) => ({
  id,
  quote: 'USD',
  method,
  feesInCost: true,
  transactions: ROWS,
  ...more,
})

const units = new Map([
  ['BTC', parseDecimal('0.5')!],
  ['ETH', parseDecimal('2')!],
])
const fund = (id: string, more: object) =>
  fundSpec({ id, weighting: { scheme: 'units', units }, market: 'ETF-USD', createFeeBps: 10, redeemFeeBps: 20, ...more } as never)

const driven = () =>
  new Driven({
    funds: [
      fund('UNITS', {}),
      fund('EQUAL', { weighting: { scheme: 'equal', assets: ['BTC', 'ETH', 'SOL'], cap: 1 } }),
      fund('LIVE', {
        weighting: { scheme: 'market-cap', count: 2, cap: 0.6 },
        targets: 'live',
        supplies: new Map([
          ['BTC', 19],
          ['ETH', 120],
          ['SOL', 900],
        ]),
      }),
    ],
    portfolios: [
      portfolio('FIFO', 'fifo', { ignore: new Set(['DUST']) }),
      portfolio('HIFO', 'hifo'),
      portfolio('AVERAGE', 'average', { feesInCost: false }),
    ],
    pools: [
      poolSpec({ id: 'V2', address: at('aa'), ...COINS }),
      poolSpec({ id: 'V3', kind: 'uniswap-v3', address: at('bb'), ...COINS }),
      poolSpec({ id: 'PARTIAL', kind: 'uniswap-v3', address: at('cc'), ...COINS }),
      poolSpec({ id: 'DERIVED', address: at('dd'), token0: token('USDC', 6, 'USD'), token1: token('ODD', 18) }),
      poolSpec({
        id: 'STABLE',
        kind: 'stableswap',
        address: at('ee'),
        token0: token('USDC', 6, 'USD'),
        token1: token('DAI', 18),
        stableswap: {
          amplification: 100n,
          fee: 4_000_000n,
          offpegMultiplier: 10n ** 10n,
          start: { block: 0, balances: [10n ** 12n, 9n * 10n ** 23n] },
        },
      } as never),
      poolSpec({ id: 'BOOK', kind: 'orderbook', symbol: 'BTC-USD', token0: token('USD', 2), token1: token('BTC', 8) } as never),
    ],
  })

const SYMBOLS = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'ETF-USD']
const CHANNELS = [
  ...SYMBOLS.flatMap(symbol => [`tick:${symbol}`, `candle:1m:${symbol}`, `candle:5m:${symbol}`, `candle:1h:${symbol}`]),
  ...['UNITS', 'EQUAL', 'LIVE'].map(id => `fund:${id}`),
  ...['FIFO', 'HIFO', 'AVERAGE'].map(id => `pnl:${id}`),
  ...['V2', 'V3', 'PARTIAL', 'DERIVED', 'STABLE', 'BOOK'].map(id => `pool:${id}`),
]

/** A figure, for comparison: within the digits of the wire. */
const near = (found: number, expected: number, what: string): void => {
  const room = 1e-9 * Math.max(Math.abs(expected), 1e-6)
  expect(Math.abs(found - expected), `${what}: found ${found}, expected ${expected}`).toBeLessThanOrEqual(room)
}

/** Computes every value that has a formula from its inputs, and holds that all else says where it comes from. */
const check = (figure: Explained, what: string, t: number): void => {
  expect(typeof figure.value === 'string' || Number.isFinite(figure.value), what).toBe(true)
  if (figure.t !== undefined && figure.age !== undefined) expect(figure.t + figure.age, what).toBe(t)
  if (figure.formula === undefined) {
    expect(figure.source, what).toBeTypeOf('string')
    return
  }
  near(evaluated(figure.formula, figure.inputs!), Number(figure.value), `${what} = ${figure.formula}`)
  for (const input of figure.inputs!) check(input, `${what} < ${input.name}`, t)
}

const isFigure = (value: unknown): boolean => typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))

/** Every figure of a state that a client has is explained, by the value that the client sees. Returns how many there were. */
const checkAll = (run: Driven, channel: string): number => {
  const { view } = run.pipeline
  let figures = 0
  const shown = {
    ...view,
    sources: run.sources,
    market: view.market,
    portfolios: view.portfolios,
    funds: view.funds,
    rebalancePlanners: view.rebalancePlanners,
    pools: view.pools,
  }
  eachLeaf(run.state<JsonObject>(channel), (path, value) => {
    if (!isFigure(value)) return
    figures += 1
    const explained = explain(shown, view.t, channel, path)
    const what = `${channel} ${path}`
    expect(explained, what).toBeDefined()
    expect([explained!.channel, explained!.field, explained!.t], what).toEqual([channel, path, view.t])
    near(Number(explained!.value), Number(value), what)
    expect(explained!.formula, what).toBeTypeOf('string')
    check({ name: path, ...explained!, age: 0 }, what, view.t)
  })
  return figures
}

/** Numbers that are the same every time. */
const numbers = function* (seed: number): Generator<number> {
  for (let x = seed; ; ) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0
    yield x / 2 ** 32
  }
}

/** Plays twenty minutes of trades, quotes, swaps and rows, and calls `look` at the end of some frames. */
const play = (run: Driven, look: () => void): void => {
  const random = numbers(7)
  const next = () => random.next().value as number
  const prices = new Map([
    ['BTC-USD', 60_000],
    ['ETH-USD', 2_500],
    ['SOL-USD', 150],
    ['ETF-USD', 35_000],
  ])
  run.watch(...CHANNELS)
  const chain = (address: string, block: number, index: number, said: Parameters<typeof logAt>[2], t: number) =>
    run.send({ kind: 'chain', feed: 0, logs: [{ ...logAt(block, index, said, t), address }], messages: 1, bad: {} })
  chain(at('aa'), 1, 0, sync(4_000_000n * 10n ** 6n, 1_600n * 10n ** 18n), NOON)
  chain(at('dd'), 1, 1, sync(400_000n * 10n ** 6n, 3_000n * 10n ** 18n), NOON)
  const tick = 197_940
  chain(at('bb'), 1, 2, initializeV3(sqrtRatioAtTick(tick), tick), NOON)
  chain(at('bb'), 1, 3, minted(tick - 6000, tick + 6000, 10n ** 18n, 10n ** 13n, 10n ** 22n), NOON)
  for (let minute = 0; minute < 20; minute++) {
    const t = NOON + minute * MINUTE + 1
    for (const [symbol, price] of prices) {
      if (symbol === 'SOL-USD' && minute < 2) continue
      const moved = price * (1 + (next() - 0.5) * 0.04)
      prices.set(symbol, moved)
      run.trades(
        0,
        { symbol, t: t + Math.floor(next() * 1000), price: moved, size: next() * 3 + 0.01 },
        { symbol, t: t + 2000, price: moved * 1.001, size: 0.5 },
      )
      if (minute % 3 !== 2) run.quote(0, symbol, t + 2001, moved * 0.999, moved * 1.002)
    }
    const paid = BigInt(Math.floor(next() * 1e9)) + 10n ** 6n
    chain(at('aa'), 2 + minute, 0, swapV2(paid, 0, 0, paid * 10n ** 8n), t + 3000)
    chain(at('bb'), 2 + minute, 1, swapV3(paid, -paid * 10n ** 8n, sqrtRatioAtTick(tick - minute), 10n ** 18n, tick - minute), t + 3000)
    chain(at('cc'), 2 + minute, 2, swapV3(paid, -paid * 10n ** 8n, sqrtRatioAtTick(tick + minute), 5n, tick + minute), t + 3000)
    const middle = prices.get('BTC-USD')!
    const levels = {
      bids: [1, 2, 5].map(n => [middle * (1 - n / 100), n] as const),
      asks: [1, 2, 5].map(n => [middle * (1 + n / 100), n / 2] as const),
    }
    run.send({ kind: 'levels', feed: 0, symbol: run.symbols.index('BTC-USD'), source: run.sources.index('venue'), t: t + 3000, levels })
    run.clock(NOON + minute * MINUTE + 5000)
    if (minute === 1)
      for (const [id, proposal] of [...run.pipeline.view.funds].map(([id, each]) => [id, each.proposal(run.pipeline.view.t)] as const))
        begin(run, id, proposal)
    if (minute % 4 === 3 || minute < 3) look()
  }
}

/** Commits the inception that a fund's prices allow. */
const begin = (run: Driven, fundId: string, proposal: unknown): void => {
  const {
    units: each,
    weights,
    shares,
  } = (proposal ?? { units, weights: {}, shares: 10n ** 22n }) as {
    units: Map<string, bigint>
    weights: Record<string, number>
    shares: bigint
  }
  const custody = new Map([...each].map(([asset, amount]) => [asset, amount * (shares / 10n ** 18n)]))
  run.send({ kind: 'ledger', funds: [{ fund: fundId, t: run.pipeline.view.t, units: each, weights, shares, custody, halted: false }] })
}

describe('every figure of every state', () => {
  it('is explained by inputs from which its formula gives it, down to the ticks, logs and rows', () => {
    const run = driven()
    const seen = new Map<string, number>()
    play(run, () => {
      for (const channel of CHANNELS) seen.set(channel, Math.max(seen.get(channel) ?? 0, checkAll(run, channel)))
    })
    // Each state had figures at some time, so none was passed over.
    expect([...seen].filter(([, figures]) => figures < 5)).toEqual([])
    expect([...seen.values()].reduce((sum, n) => sum + n, 0)).toBeGreaterThan(400)
  })
})

describe('an explanation', () => {
  const run = driven()
  play(run, () => {})
  const { view } = run.pipeline
  const of = (channel: string, field: string) =>
    explain(
      {
        ...view,
        sources: run.sources,
        market: view.market,
        portfolios: view.portfolios,
        funds: view.funds,
        rebalancePlanners: view.rebalancePlanners,
        pools: view.pools,
      },
      view.t,
      channel,
      field,
    )

  it.each([
    ['fund:UNITS', 'navv'],
    ['fund:UNITS', 'target.DOGE'],
    ['fund:UNITS', 'stale'],
    ['fund:NONE', 'nav'],
    ['tick:NONE-USD', 'price'],
    ['status', 'rates'],
    ['nothing', 'x'],
  ])('of %s %s is none', (channel, field) => expect(of(channel, field)).toBeUndefined())

  it('reaches from the net asset value to the trades that it rests on', () => {
    const nav = of('fund:EQUAL', 'nav')!
    expect(nav.formula).toBe('aum ÷ shares')
    const [aum] = nav.inputs!
    const btc = aum!.inputs!.find(({ name }) => name === 'worth.BTC')!
    expect(btc.formula).toBe('units × price')
    const price = btc.inputs!.find(({ name }) => name === 'price')!
    expect(price).toEqual({
      name: 'price',
      value: view.market.instrument('BTC-USD').price,
      t: expect.any(Number),
      age: expect.any(Number),
      source: 'tick:BTC-USD, a trade of venue',
    })
    expect(price.t! + price.age!).toBe(view.t)
  })

  it('takes what it rests on more than once apart only once', () => {
    const total = JSON.stringify(of('fund:EQUAL', 'totalDrift'))
    expect(total.match(/"formula":"Σ\(worth\)"/g)).toHaveLength(1)
    expect(total).toContain('taken apart elsewhere in this answer')
  })
})
