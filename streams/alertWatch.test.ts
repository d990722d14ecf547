import { describe, expect, it } from 'vitest'
import { builtInRules } from './alerts/builtIn.ts'
import { above, ruleOf } from './alerts/test/world.ts'
import { Driven, fundSpec, NOON } from './test/drive.ts'
import type { AlertsState } from './wire/states.ts'

const EVERYBODY = (): boolean => true

const happened = (driven: Driven): string[] =>
  driven.frames.flatMap(({ t, alerts }) => alerts.map(({ event, alert }) => `${event} ${alert.rule} ${alert.channel} +${t - NOON}`))

describe('rules over channels', () => {
  it('look at what nobody watches, and show what they find in the frame that it happens in', () => {
    const rule = ruleOf(above(100, 90), { id: 'high', channel: 'tick:A-USD' })
    const driven = new Driven({ rules: [rule], isPublic: EVERYBODY })
    driven.watch('alerts')
    driven.clock(NOON)
    driven.trades(0, { symbol: 'A-USD', t: NOON + 5, price: 99 })
    driven.clock(NOON + 20)
    driven.trades(0, { symbol: 'A-USD', t: NOON + 25, price: 101.5 })
    driven.clock(NOON + 40)
    expect(happened(driven)).toEqual(['opened high tick:A-USD +40'])
    const id = `high@tick:A-USD@${NOON + 40}`
    expect(driven.state<AlertsState>('alerts')).toEqual({
      count: 1,
      open: {
        [id]: {
          ...{ rule: 'high', channel: 'tick:A-USD', figure: 'price', severity: 'warning', since: NOON + 40, confirmed: true, times: 1 },
          evidence: { value: 101.5, bound: 100 },
        },
      },
      over: {},
    })
    driven.trades(0, { symbol: 'A-USD', t: NOON + 45, price: 90 })
    driven.clock(NOON + 60)
    const state = driven.state<AlertsState>('alerts')
    expect([state.count, state.open, state.over![id]!.cleared, state.over![id]!.why]).toEqual([0, {}, NOON + 60, 'back'])
    expect(driven.agrees()).toBe(true)
    // Nobody watches the channel of the rule, so nobody gets its pushes.
    expect(driven.frames.flatMap(({ pushes }) => pushes.map(({ channel }) => channel))).toEqual(['alerts', 'alerts', 'alerts'])
  })

  it('watch a channel on when its last watcher goes', () => {
    const driven = new Driven({ rules: [ruleOf(above(100), { channel: 'tick:A-USD' })], isPublic: EVERYBODY })
    driven.watch('tick:A-USD')
    driven.clock(NOON)
    driven.send({ kind: 'watch', channel: 'tick:A-USD', on: false })
    driven.trades(0, { symbol: 'A-USD', t: NOON + 5, price: 101 })
    driven.clock(NOON + 20)
    expect(happened(driven)).toEqual(['opened r tick:A-USD +20'])
    expect(driven.frames.at(-1)!.pushes).toEqual([])
    driven.watch('tick:A-USD')
    expect(driven.state<{ price: number }>('tick:A-USD').price).toBe(101)
  })

  it('find the channels of a pattern as they appear, each once', () => {
    const driven = new Driven({ rules: [ruleOf(above(100))], isPublic: EVERYBODY })
    driven.clock(NOON)
    for (const [i, symbol] of ['A-USD', 'B-USD', 'A-USD'].entries()) {
      driven.trades(0, { symbol, t: NOON + 20 * i + 1, price: 101 })
      driven.clock(NOON + 20 * i + 20)
    }
    driven.clock(NOON + 100)
    expect(happened(driven).map(text => text.slice(0, 21))).toEqual(['opened r tick:A-USD +', 'opened r tick:B-USD +'])
  })

  it('fire in a gap without events, at their own time', () => {
    const driven = new Driven({
      rules: [ruleOf({ kind: 'stale', ms: 5_000 }, { channel: 'tick:A-USD', figure: 't' })],
      isPublic: EVERYBODY,
    })
    driven.clock(NOON)
    driven.trades(0, { symbol: 'A-USD', t: NOON + 15, price: 100 })
    driven.clock(NOON + 20)
    driven.clock(NOON + 60_000)
    expect(happened(driven)).toEqual(['opened r tick:A-USD +5020'])
  })

  it('hold a channel against the one of the same name', () => {
    const against = { channel: 'tick:*-EUR', figure: 'price' }
    const driven = new Driven({
      rules: [ruleOf(above(0.1), { channel: 'tick:A*', against: { ...against, channel: 'tick:B*' } })],
      isPublic: EVERYBODY,
    })
    driven.clock(NOON)
    driven.trades(0, { symbol: 'B-USD', t: NOON + 1, price: 100 }, { symbol: 'A-USD', t: NOON + 1, price: 105 })
    driven.clock(NOON + 40)
    driven.trades(0, { symbol: 'B-USD', t: NOON + 41, price: 90 })
    driven.clock(NOON + 60)
    expect(happened(driven)).toEqual(['opened r tick:A-USD +60'])
  })

  it('show everybody what is about channels that everybody reads, and the admin all', () => {
    const driven = new Driven({ rules: [ruleOf(above(100))], isPublic: channel => channel !== 'tick:B-USD' })
    driven.watch('alerts', 'allalerts')
    driven.clock(NOON)
    driven.trades(0, { symbol: 'A-USD', t: NOON + 1, price: 101 }, { symbol: 'B-USD', t: NOON + 1, price: 101 })
    driven.clock(NOON + 40)
    driven.clock(NOON + 60)
    const channelsIn = (name: string) => Object.values(driven.state<AlertsState>(name).open!).map(({ channel }) => channel)
    expect(channelsIn('alerts')).toEqual(['tick:A-USD'])
    expect(channelsIn('allalerts').sort()).toEqual(['tick:A-USD', 'tick:B-USD'])
  })

  it('watch a fund that is defined later, whether they name it or the beginning of its name', () => {
    const driven = new Driven({
      rules: ['fund:F', 'fund:*', 'fund:G'].map(channel =>
        ruleOf({ kind: 'stale', ms: 5_000 }, { id: channel.at(-1)!, channel, figure: 'nav' }),
      ),
      isPublic: EVERYBODY,
    })
    driven.clock(NOON)
    const weighting = { scheme: 'units', units: new Map([['A', 10n ** 18n]]) } as const
    driven.send({ kind: 'ledger', funds: [], defined: [fundSpec({ weighting })] })
    driven.clock(NOON + 1_000)
    driven.clock(NOON + 10_000)
    expect(happened(driven).sort()).toEqual(['opened * fund:F +6000', 'opened F fund:F +6000'])
  })

  it('are for the admin if what a figure is held against is, because the quotient would give it away', () => {
    const rule = ruleOf(above(0), {
      channel: 'tick:A*',
      against: { channel: 'tick:B*', figure: 'price' },
      together: { atLeast: 2, withinMs: 60_000 },
    })
    const driven = new Driven({ rules: [rule], isPublic: channel => channel !== 'tick:B2-USD' })
    driven.watch('alerts', 'allalerts')
    driven.clock(NOON)
    const symbols = ['A1-USD', 'B1-USD', 'A2-USD', 'B2-USD']
    driven.trades(0, ...symbols.map(symbol => ({ symbol, t: NOON + 1, price: symbol.startsWith('A') ? 101 : 100 })))
    driven.clock(NOON + 40)
    driven.clock(NOON + 60)
    const namesIn = (name: string) =>
      Object.values(driven.state<AlertsState>(name).open!).map(({ channel, against }) => `${channel} ${against}`)
    expect(namesIn('alerts')).toEqual(['tick:A1-USD tick:B1-USD'])
    expect(namesIn('allalerts').sort()).toEqual(['tick:A* tick:B*', 'tick:A1-USD tick:B1-USD', 'tick:A2-USD tick:B2-USD'])
  })

  it('say nothing before the past is known, and then nothing a second time', () => {
    const rule = ruleOf(above(100), { channel: 'tick:A-USD' })
    const first = new Driven({ rules: [rule], isPublic: EVERYBODY })
    first.clock(NOON)
    first.trades(0, { symbol: 'A-USD', t: NOON + 1, price: 101 })
    first.clock(NOON + 20)
    const open = first.frames.flatMap(({ alerts }) => alerts.map(({ alert }) => alert))
    expect(open).toHaveLength(1)
    const second = new Driven({ rules: [rule], isPublic: EVERYBODY, awaitsPast: true })
    second.watch('alerts')
    second.clock(NOON + 1_000)
    second.trades(0, { symbol: 'A-USD', t: NOON + 1_001, price: 102 })
    second.clock(NOON + 1_020)
    expect(happened(second)).toEqual([])
    second.send({ kind: 'past', asOf: Number.POSITIVE_INFINITY, alerts: open })
    second.trades(0, { symbol: 'A-USD', t: NOON + 1_021, price: 103 })
    second.clock(NOON + 1_040)
    expect(happened(second)).toEqual([])
    expect(Object.keys(second.state<AlertsState>('alerts').open!)).toEqual([open[0]!.id])
    second.trades(0, { symbol: 'A-USD', t: NOON + 1_041, price: 99 })
    second.clock(NOON + 1_060)
    expect(happened(second)).toEqual(['cleared r tick:A-USD +1060'])
  })

  it('look at figures of the server', () => {
    const driven = new Driven({ rules: builtInRules(['kraken']), isPublic: EVERYBODY })
    driven.clock(NOON)
    driven.send({ kind: 'status', figures: { 'feeds.kraken.silent': false, 'parts.sink.state': 'degraded' } })
    driven.clock(NOON + 1_000)
    driven.send({ kind: 'status', figures: { 'feeds.kraken.silent': true, 'parts.sink.state': 'degraded' } })
    driven.clock(NOON + 2_000)
    driven.clock(NOON + 61_000)
    driven.send({ kind: 'status', figures: { 'feeds.kraken.silent': false, 'parts.sink.state': 'ready' } })
    driven.clock(NOON + 62_000)
    driven.clock(NOON + 200_000)
    expect(happened(driven)).toEqual([
      'opened silent-feed-kraken status +12000',
      'opened sink-behind status +61000',
      'cleared silent-feed-kraken status +62000',
      'cleared sink-behind status +122000',
    ])
  })
})

describe('built-in rules', () => {
  const DAY = 86_400_000
  const tvl = (asset: string, period: number, value: number, availableAt = period) => ({
    ...{ asset, metric: 'tvl' as const, period, availableAt, value, source: 'test', ref: '' },
  })
  const assets = ['A', 'B', 'C', 'D']

  /** Seventy quiet days of four protocols, ended by a day on which `falls` say what is left of each. */
  const days = (falls: readonly number[], then: readonly number[] = falls): Driven => {
    const driven = new Driven({ rules: builtInRules([]), isPublic: EVERYBODY })
    driven.clock(NOON)
    for (let day = 1; day <= 72; day++) {
      const period = Math.floor(NOON / DAY) * DAY + day * DAY
      const left = day < 71 ? [1, 1, 1, 1] : day === 71 ? falls : then
      const known = period + 600_000
      driven.send({ kind: 'metrics', facts: assets.map((asset, i) => tvl(asset, period, 1e8 * (1 + (day % 5) / 100) * left[i]!, known)) })
      driven.clock(known + 1_000)
    }
    return driven
  }
  const tvlSaid = (driven: Driven): string[] =>
    driven.frames.flatMap(({ alerts }) =>
      alerts.flatMap(({ event, alert }) => (alert.rule === 'tvl-drop' ? [`${event} ${alert.members?.join(' ') ?? alert.channel}`] : [])),
    )

  it('see one protocol lose a third of its TVL in a day, and believe it a day later', () => {
    expect(tvlSaid(days([1, 0.65, 1, 1]))).toEqual(['opened metrics:B', 'confirmed metrics:B'])
  })

  it('take back what was a fault of the source', () => {
    const driven = days([1, 0.65, 1, 1], [1, 1, 1, 1])
    expect(tvlSaid(driven)).toEqual(['opened metrics:B', 'cleared metrics:B'])
    expect(driven.frames.flatMap(({ alerts }) => alerts).at(-1)!.alert.confirmed).toBe(false)
  })

  it('see the market fall, not each protocol', () => {
    const driven = days([0.6, 0.65, 1, 0.5])
    const told = driven.frames
      .flatMap(({ alerts }) => alerts)
      .filter(({ alert }) => alert.rule === 'tvl-drop' && alert.market === undefined)
    expect(told.map(({ event, alert }) => [event, alert.members])).toEqual([['opened', ['metrics:A', 'metrics:B', 'metrics:D']]])
  })

  it('know after a restart what the medians were of', () => {
    const driven = new Driven({ rules: builtInRules([]), isPublic: EVERYBODY, awaitsPast: true })
    const today = Math.floor(NOON / DAY) * DAY
    const before = Array.from({ length: 80 }, (_, i) => [today - (80 - i) * DAY, 1e8 * (1 + (i % 5) / 100)] as const)
    const ruleSamples = ['A', 'B'].map(asset => ({ rule: 'tvl-drop', channel: `metrics:${asset}`, samples: before }))
    driven.clock(NOON)
    driven.send({ kind: 'past', asOf: NOON, ruleSamples })
    driven.send({ kind: 'metrics', facts: [tvl('A', today, 0.6e8), tvl('B', today, 0.97e8), tvl('C', today, 1e8)] })
    driven.clock(NOON + 1_000)
    expect(tvlSaid(driven)).toEqual(['opened metrics:A'])
    expect(driven.frames.flatMap(({ alerts }) => alerts)[0]!.alert.evidence).toMatchObject({
      value: 0.6e8,
      before: expect.closeTo(1.04e8, 3),
      samples: 79,
    })
  })

  it('hold an oracle against the market', () => {
    const driven = new Driven({ rules: builtInRules([]), isPublic: EVERYBODY })
    driven.clock(NOON)
    const answer = (t: number, value: number) =>
      driven.send({
        kind: 'metrics',
        facts: [{ asset: 'ETH', metric: 'oraclePrice', period: t, availableAt: t, value, source: 'chainlink', ref: '' }],
      })
    answer(NOON, 2_000)
    driven.trades(0, { symbol: 'ETH-USD', t: NOON + 1, price: 2_010 })
    driven.clock(NOON + 60_000)
    driven.trades(0, { symbol: 'ETH-USD', t: NOON + 60_001, price: 2_050 })
    driven.clock(NOON + 60_020)
    driven.clock(NOON + 200_000)
    expect(happened(driven).filter(text => text.includes('deviation'))).toEqual(['opened oracle-deviation metrics:ETH +180020'])
  })

  it('see a coin leave its dollar', () => {
    const driven = new Driven({ rules: builtInRules([]), isPublic: EVERYBODY })
    driven.clock(NOON)
    driven.trades(0, { symbol: 'USDC-USD', t: NOON + 1, price: 0.97 })
    driven.clock(NOON + 20)
    driven.clock(NOON + 400_000)
    expect(happened(driven)).toEqual(['opened peg-USDC tick:USDC-USD +300020'])
  })
})
