import { describe, expect, it } from 'vitest'
import type { RebalanceState, TradeState } from '../ledger/rebalanceState.ts'
import { parseDecimal } from '../lib/decimal.ts'
import { Driven, fundSpec, NOON } from '../test/drive.ts'
import { inceptionOf } from './inception.ts'
import type { RebalanceRules } from './spec.ts'
import type { RebalanceProposal } from './tradePlan.ts'

const n = (text: string): bigint => parseDecimal(text)!

/** A fund that is half A and half B, both at 100. */
const begun = (rules: Partial<RebalanceRules>): Driven => {
  const rebalance: RebalanceRules = {
    assetThreshold: 0.05,
    totalThreshold: Number.POSITIVE_INFINITY,
    maxIntervalMs: Number.POSITIVE_INFINITY,
    mode: 'execute',
    trades: { feeBps: 10, minTrade: 0n, lots: new Map() },
    ...rules,
  }
  const p = new Driven({
    funds: [fundSpec({ weighting: { scheme: 'equal', assets: ['A', 'B'], cap: 1 }, rebalance })],
    feeds: [{ id: 'a', live: true }],
  })
  p.watch('rebalances:F')
  prices(p, NOON + 20, 100, 100)
  const [proposal] = p.frames.flatMap(({ proposals }) => proposals)
  p.send({ kind: 'ledger', funds: [inceptionOf(proposal!)] })
  return p
}

const prices = (p: Driven, t: number, a: number, b: number): void => {
  p.trades(0, { symbol: 'A-USD', t, price: a }, { symbol: 'B-USD', t, price: b })
  p.clock(t)
}

const asked = (p: Driven): RebalanceProposal[] => p.frames.flatMap(({ rebalances }) => rebalances)

const trade = (over: Partial<TradeState>): TradeState => ({
  id: '1-1',
  side: 'sell',
  asset: 'A',
  amount: n('10'),
  price: 150,
  status: 'pending',
  orders: 0,
  filled: 0n,
  value: 0n,
  fee: 0n,
  fills: [],
  ...over,
})
const state = (over: Partial<RebalanceState>): RebalanceState => ({
  fund: 'F',
  id: 1,
  reason: 'asset',
  since: NOON + 40,
  targets: { A: 0.5, B: 0.5 },
  trades: [],
  ...over,
})

describe('a fund that has drifted', () => {
  it('asks the journal for a rebalance with the trades of the moment, each frame until there is one', () => {
    const p = begun({})
    prices(p, NOON + 40, 150, 100)
    expect(asked(p)).toMatchObject([{ fund: 'F', t: NOON + 40, id: 1, reason: 'asset', targets: { A: 0.5, B: 0.5 } }])
    expect(asked(p)[0]!.trades.map(({ side, asset, price }) => `${side} ${asset} ${price}`)).toEqual(['sell A 150', 'buy B 100'])
    prices(p, NOON + 60, 151, 100)
    expect(asked(p)).toHaveLength(2)
    p.send({ kind: 'ledger', funds: [], rebalances: [state({})] })
    prices(p, NOON + 80, 152, 100)
    expect(asked(p)).toHaveLength(2)
  })

  it.each<[string, Partial<RebalanceRules>, (p: Driven) => void]>([
    ['only proposes', { mode: 'propose' }, () => {}],
    ['neither', { mode: 'off' }, () => {}],
    ['is halted', {}, p => p.send({ kind: 'ledger', funds: [{ ...inceptionOf(p.frames.flatMap(f => f.proposals)[0]!), halted: true }] })],
    ['is within its threshold', { assetThreshold: 0.2 }, () => {}],
    ['would trade less than is worth it', { trades: { feeBps: 0, minTrade: n('1000000'), lots: new Map() } }, () => {}],
    [
      'has no shares',
      {},
      p => p.send({ kind: 'ledger', funds: [{ ...inceptionOf(p.frames.flatMap(f => f.proposals)[0]!), shares: 0n, custody: new Map() }] }),
    ],
  ])('does not ask where it %s', (_, rules, first) => {
    const p = begun(rules)
    first(p)
    prices(p, NOON + 40, 150, 100)
    expect(asked(p)).toEqual([])
  })

  it('does not ask while a price is stale', () => {
    const p = begun({})
    p.clock(NOON + 20_000)
    expect(p.pipeline.view.funds.get('F')!.figures.stale).toBe(true)
    p.trades(0, { symbol: 'A-USD', t: NOON + 20_010, price: 150 })
    p.clock(NOON + 20_020)
    const [proposal] = asked(p)
    // Both prices come from one feed: it is alive again.
    expect(proposal?.t).toBe(NOON + 20_020)
    p.clock(NOON + 60_000)
    expect(asked(p).every(({ t }) => t < NOON + 30_020)).toBe(true)
  })

  it('asks again when the last one was long enough ago', () => {
    const p = begun({ coolOffMs: 1_000 })
    const holdings = inceptionOf(p.frames.flatMap(({ proposals }) => proposals)[0]!)
    const ended = { t: NOON + 40, outcome: 'failed' } as const
    p.send({ kind: 'ledger', funds: [{ ...holdings, rebalancedAt: NOON + 40 }], rebalances: [state({ ended })] })
    prices(p, NOON + 1_020, 150, 100)
    expect(asked(p)).toEqual([])
    prices(p, NOON + 1_060, 150, 100)
    expect(asked(p)).toMatchObject([{ id: 2 }])
  })
})

describe('what rebalances: shows', () => {
  it('is the mode alone while there is nothing', () => {
    const p = begun({})
    expect(p.state('rebalances:F')).toEqual({ mode: 'execute', thresholds: { asset: 0.05 } })
  })

  it('is what would be traded at the prices of the frame if that is only proposed, and gone with the drift', () => {
    const p = begun({ mode: 'propose' })
    prices(p, NOON + 40, 150, 100)
    const first = p.state<Record<string, unknown>>('rebalances:F')
    expect(first).toMatchObject({
      mode: 'propose',
      status: 'proposed',
      id: 1,
      reason: 'asset',
      since: NOON + 40,
      targets: { A: 0.5, B: 0.5 },
    })
    expect(first.trades).toMatchObject({
      '1-1': { side: 'sell', asset: 'A', price: 150, status: 'proposed' },
      '1-2': { side: 'buy', asset: 'B', price: 100, status: 'proposed' },
    })
    prices(p, NOON + 540, 160, 100)
    expect(p.state<typeof first>('rebalances:F').trades).toMatchObject({ '1-1': { price: 160 } })
    prices(p, NOON + 560, 161, 100)
    expect(p.state<typeof first>('rebalances:F').trades).toMatchObject({ '1-1': { price: 161 } })
    prices(p, NOON + 1_060, 100, 100)
    expect(p.state('rebalances:F')).toEqual({ mode: 'propose', thresholds: { asset: 0.05 } })
    expect(p.agrees()).toBe(true)
  })

  it('follows the running one: the average price, what was filled and paid, how each trade ended', () => {
    const p = begun({})
    const half = { status: 'partially_filled', filled: n('4'), value: n('600.4'), fee: n('0.6004'), orders: 1 } as const
    p.send({ kind: 'ledger', funds: [], rebalances: [state({ trades: [trade({}), trade({ id: '1-2', side: 'buy', asset: 'B' })] })] })
    expect(p.state<never>('rebalances:F')).toMatchObject({
      status: 'running',
      trades: { '1-1': { amount: '10', price: 150, status: 'pending' } },
    })
    p.send({ kind: 'ledger', funds: [], rebalances: [state({ trades: [trade(half), trade({ id: '1-2' })] })] })
    expect(p.state<{ trades: object }>('rebalances:F').trades).toMatchObject({
      '1-1': { amount: '10', filled: '4', price: 150.1, fee: '0.6004', status: 'partially_filled' },
    })
    const over = [trade({ ...half, status: 'failed', why: 'not_filled' })]
    p.send({ kind: 'ledger', funds: [], rebalances: [state({ trades: over, ended: { t: NOON + 40, outcome: 'partial' } })] })
    expect(p.state<never>('rebalances:F')).toMatchObject({ status: 'partial', ended: NOON + 40, trades: { '1-1': { why: 'not_filled' } } })
    expect(Object.keys(p.state<{ trades: object }>('rebalances:F').trades)).toEqual(['1-1'])
    expect(p.agrees()).toBe(true)
  })
})
