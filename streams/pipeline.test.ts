import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8Text } from './channels/byteWriter.ts'
import { channelNames } from './channels/registry.ts'
import { inceptionOf } from './fund/inception.ts'
import { parseDecimal } from './lib/decimal.ts'
import { DAY, MINUTE } from './market/candles.ts'
import { logAt, poolSpec, sync } from './test/chain.ts'
import { Driven, fundSpec, NOON, type Trade } from './test/drive.ts'
import { transaction } from './test/transactions.ts'
import { applyPatch, canonical, emptyObject, type JsonObject } from './wire/mergePatch.ts'

describe('a tick', () => {
  it('is seen at the end of its frame, with the frame it fell in', () => {
    const p = new Driven()
    p.watch('tick:BTC-USD')
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 60_000, size: 0.5, side: 'sell' })
    expect(p.state('tick:BTC-USD')).toEqual({})
    p.clock(NOON + 20)
    expect(p.state('tick:BTC-USD')).toEqual({
      price: 60_000,
      size: 0.5,
      side: 'sell',
      src: 'venue',
      t: NOON + 5,
      stale: false,
      day: { n: 1, volume: 0.5, notional: 30_000, vwap: 60_000, open: 60_000, high: 60_000, low: 60_000, since: NOON + 5 },
    })
    expect(p.frames.at(-1)?.t).toBe(NOON + 20)
    expect(p.agrees()).toBe(true)
  })

  it('that is late counts in candles and the day, not in the price', () => {
    const p = new Driven()
    p.watch('tick:BTC-USD', 'candle:1m:BTC-USD')
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 10, price: 100 }, { symbol: 'BTC-USD', t: NOON + 5, price: 90, size: 3 })
    p.clock(NOON + 20)
    expect(p.state('tick:BTC-USD')).toMatchObject({ price: 100, t: NOON + 10, day: { n: 2, volume: 4, low: 90, open: 90 } })
    expect(p.state('candle:1m:BTC-USD')).toMatchObject({ open_t: NOON, o: 90, h: 100, l: 90, c: 100, v: 4, n: 2 })
    expect(p.pipeline.view.feeds[0]).toMatchObject({ ticks: 2, late: 1 })
  })

  it('seen twice counts once, and is not stored again', () => {
    const p = new Driven()
    const trade = { symbol: 'BTC-USD', t: NOON + 5, price: 100, id: '7' }
    p.trades(0, trade, trade)
    p.clock(NOON + 20)
    expect(p.pipeline.view.feeds[0]?.bad).toEqual({ duplicate: 1 })
    const stored = p.frames.flatMap(f => f.rows.ticks).flatMap(({ columns, from, to }) => [...columns.type.subarray(from, to)])
    expect(stored).toEqual([0, 3])
  })

  it('moves bid and ask where it is a quote, and an older quote does not', () => {
    const p = new Driven()
    p.watch('tick:BTC-USD')
    p.quote(0, 'BTC-USD', NOON + 10, 99, 101)
    p.quote(0, 'BTC-USD', NOON + 5, 1, 2)
    p.clock(NOON + 20)
    expect(p.state('tick:BTC-USD')).toEqual({ bid: 99, ask: 101, stale: false })
  })
})

describe('a channel', () => {
  it('can be had before anything is known of it, as {}', () => {
    const p = new Driven()
    p.watch('tick:BTC-USD')
    expect(p.frames.at(-1)).toMatchObject({ t: 0, ready: ['tick:BTC-USD'] })
    expect(utf8Text(p.pipeline.channels.snapshot('tick:BTC-USD')!.bytes)).toBe('{"ch":"tick:BTC-USD","epoch":"e1","seq":0,"t":0,"snap":{}}')
  })

  it('asked for between two frames is served at once, within one at its end', () => {
    const p = new Driven()
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 })
    p.send({ kind: 'watch', channel: 'tick:BTC-USD', on: true })
    expect(p.frames).toHaveLength(0)
    p.clock(NOON + 20)
    expect(p.frames.at(-1)?.ready).toEqual(['tick:BTC-USD'])
    p.watch('candle:1m:BTC-USD')
    expect(p.frames.at(-1)).toMatchObject({ t: NOON + 20, ready: ['candle:1m:BTC-USD'] })
    expect(p.state('candle:1m:BTC-USD')).toMatchObject({ c: 100 })
  })

  it('that nobody watches costs no patch, and later goes on from its number', () => {
    const p = new Driven()
    p.watch('tick:BTC-USD')
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 })
    p.clock(NOON + 20)
    p.send({ kind: 'watch', channel: 'tick:BTC-USD', on: false })
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 25, price: 101 })
    p.clock(NOON + 40)
    expect(p.frames.at(-1)?.pushes).toEqual([])
    p.send({ kind: 'watch', channel: 'tick:BTC-USD', on: true })
    expect(p.state('tick:BTC-USD')).toMatchObject({ price: 101 })
    expect(p.agrees()).toBe(true)
  })

  it('of the tape lets every trade through, even more than a hundred a frame', () => {
    const p = new Driven()
    p.watch('trades:BTC-USD')
    const count = 350
    p.trades(0, ...Array.from({ length: count }, (_, i): Trade => ({ symbol: 'BTC-USD', t: NOON + 5, price: 100 + i, id: `x${i}` })))
    p.clock(NOON + 20)
    const texts = p.frames.flatMap(f => f.pushes.map(push => utf8Text(push.bytes))).join()
    for (let i = 0; i < count; i++) expect(texts).toContain(`"x${i}":{`)
    expect(Object.keys(p.state<{ last: object }>('trades:BTC-USD').last)).toHaveLength(100)
    expect(p.agrees()).toBe(true)
  })
})

describe('time', () => {
  it('makes a silent feed stale at its own moment in a gap, and the next message heals it', () => {
    const p = new Driven({
      feeds: [
        { id: 'a', live: false },
        { id: 'b', live: false },
      ],
    })
    p.watch('tick:BTC-USD')
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 })
    p.clock(NOON + 20)
    p.clock(NOON + 30_000)
    expect(p.frames.filter(f => f.pushes.length > 0).map(f => f.t)).toEqual([NOON + 20, NOON + 10_020])
    expect(p.state('tick:BTC-USD')).toMatchObject({ stale: true })
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 30_010, price: 101 })
    p.clock(NOON + 30_020)
    expect(p.state('tick:BTC-USD')).toMatchObject({ stale: false, price: 101 })
  })

  const year = 365 * DAY
  const busy = {
    portfolios: [
      {
        id: 'p',
        quote: 'USD',
        method: 'fifo' as const,
        feesInCost: true,
        transactions: [transaction('buy BTC 1 100', NOON), transaction('sell BTC 0.5 150', NOON + 2 * year + 7)],
      },
    ],
    pools: [poolSpec({ id: 'P', token0: { symbol: 'A', decimals: 0, asset: 'A' }, token1: { symbol: 'B', decimals: 0, asset: 'B' } })],
  }
  const begun = (): Driven => {
    const p = new Driven(busy)
    p.watch('tick:BTC-USD', 'pnl:p', 'pool:P')
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 }, { symbol: 'BTC-USD', t: NOON + 61_000, price: 110 })
    p.send({ kind: 'chain', feed: 0, logs: [{ ...logAt(1, 1, sync(6n, 2n)), t: NOON + 7 }], messages: 1, bad: {} })
    p.clock(NOON + 61_020)
    return p
  }
  const rowsOf = ({ frames }: Driven) => frames.flatMap(({ rows }) => rows.measures)

  it('passes a gap of years in a few frames: one for each moment at which something changes', () => {
    const p = begun()
    const before = p.frames.length
    p.clock(NOON + 9 * year)
    expect(p.frames.length - before).toBeLessThan(20)
    expect(p.state('tick:BTC-USD')).not.toHaveProperty('day')
    expect(p.state<{ t: number }>('pnl:p')).toMatchObject({ realised: 25, day: 0 })
    expect(p.agrees()).toBe(true)
  })

  it('gives the same states and rows whether it comes at once or minute by minute', () => {
    const [jumped, stepped] = [begun(), begun()]
    for (let t = NOON + 61_020; t < NOON + 5 * DAY; t += MINUTE) stepped.clock(t)
    for (const p of [jumped, stepped]) {
      p.clock(NOON + 5 * DAY)
      p.trades(0, { symbol: 'BTC-USD', t: NOON + 5 * DAY + 5, price: 90 })
      p.clock(NOON + 5 * DAY + 20)
      p.clock(NOON + 6 * DAY)
    }
    expect(rowsOf(jumped)).toEqual(rowsOf(stepped))
    for (const channel of ['tick:BTC-USD', 'pnl:p', 'pool:P']) expect(jumped.state(channel)).toEqual(stepped.state(channel))
  })

  it('leaves a replay that has ended as it is', () => {
    const p = new Driven({
      feeds: [
        { id: 'a', live: false },
        { id: 'b', live: false },
      ],
    })
    p.watch('tick:BTC-USD')
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 })
    p.send({ kind: 'feed', feed: 0, state: 'ended' })
    p.clock(NOON + 20)
    p.clock(NOON + 60_000)
    expect(p.state('tick:BTC-USD')).toMatchObject({ stale: false })
  })

  it('takes yesterday out of the day, minute by minute', () => {
    const p = new Driven()
    p.watch('tick:BTC-USD')
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 }, { symbol: 'BTC-USD', t: NOON + MINUTE, price: 110 })
    p.clock(NOON + MINUTE)
    p.clock(NOON + DAY + 20)
    expect(p.state('tick:BTC-USD')).toMatchObject({ day: { n: 1, open: 110 } })
    p.clock(NOON + DAY + MINUTE + 20)
    expect(p.state('tick:BTC-USD')).not.toHaveProperty('day')
    expect(p.frames.filter(f => f.pushes.some(x => utf8Text(x.bytes).includes('"day"'))).map(f => f.t)).toEqual([
      NOON + MINUTE,
      NOON + DAY,
      NOON + DAY + MINUTE,
    ])
  })
})

describe('a fund', () => {
  const weighting = { scheme: 'market-cap', count: 2, cap: 0.6 } as const
  const supplies = new Map([
    ['BTC', 10],
    ['ETH', 10],
  ])

  it('begins in the first frame in which all it can hold has a price, at its initial price', () => {
    const p = new Driven({ funds: [fundSpec({ weighting, supplies })] })
    p.watch('fund:F')
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 90 })
    p.clock(NOON + 20)
    expect(p.state('fund:F')).toMatchObject({ pending: { ETH: 'no price yet' } })
    p.trades(0, { symbol: 'ETH-USD', t: NOON + 25, price: 10 })
    p.clock(NOON + 40)
    const [inception] = p.frames.at(-1)!.proposals
    expect(inception).toMatchObject({
      fund: 'F',
      t: NOON + 40,
      units: new Map([
        ['BTC', parseDecimal('0.666666666666666666')],
        ['ETH', parseDecimal('4')],
      ]),
      weights: { BTC: 0.6, ETH: 0.4 },
    })
    p.send({ kind: 'ledger', funds: [inceptionOf(inception!)] })
    expect(p.frames.at(-1)?.t).toBe(NOON + 40)
    expect(p.state('fund:F')).toMatchObject({
      nav: 100,
      aum: 1_000_000,
      shares: '10000',
      level: 100,
      weights: { BTC: 0.6, ETH: 0.4 },
      totalDrift: 0,
    })
    expect(p.state('fund:F')).not.toHaveProperty('pending')
    p.trades(0, { symbol: 'ETH-USD', t: NOON + 45, price: 20 })
    p.clock(NOON + 60)
    expect(p.frames.at(-1)?.proposals).toEqual([])
    const after = p.state<Record<string, Record<string, number>>>('fund:F')
    expect(after.nav).toBeCloseTo(140, 9)
    expect(after.drift!.ETH).toBeCloseTo(80 / 140 - 0.4, 9)
    expect(after.totalDrift).toBeCloseTo(80 / 140 - 0.4, 9)
    expect(p.agrees()).toBe(true)
  })

  it('begins without the missing after its time-out, where the others suffice, and waits on where not', () => {
    const three = new Map([...supplies, ['SOL', 10]])
    const p = new Driven({
      funds: [
        fundSpec({ id: 'enough', weighting, supplies: three }),
        fundSpec({ id: 'tooFew', weighting: { ...weighting, count: 3, cap: 0.4 }, supplies: three }),
      ],
    })
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 90 }, { symbol: 'ETH-USD', t: NOON + 5, price: 10 })
    p.clock(NOON + 20)
    p.clock(NOON + 120_000)
    const proposed = p.frames.flatMap(f => f.proposals.map(x => ({ t: f.t, fund: x.fund })))
    expect(proposed[0]).toEqual({ t: NOON + 60_020, fund: 'enough' })
    expect(proposed.some(x => x.fund === 'tooFew')).toBe(false)
  })

  it('of fixed units begins at once, without any price', () => {
    const units = new Map([
      ['BTC', parseDecimal('2')!],
      ['ETH', parseDecimal('0.5')!],
    ])
    const p = new Driven({ funds: [fundSpec({ weighting: { scheme: 'units', units } })] })
    p.watch('fund:F')
    p.clock(NOON)
    p.send({ kind: 'ledger', funds: [inceptionOf(p.frames.at(-1)!.proposals[0]!)] })
    expect(p.state('fund:F')).toMatchObject({ units: { BTC: '2', ETH: '0.5' }, shares: '10000' })
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 })
    p.clock(NOON + 20)
    expect(p.state('fund:F')).not.toHaveProperty('nav')
    p.trades(0, { symbol: 'ETH-USD', t: NOON + 25, price: 10 })
    p.clock(NOON + 40)
    expect(p.state('fund:F')).toMatchObject({ nav: 205, aum: 2_050_000 })
  })
})

describe('what is stored', () => {
  const units = new Map([['BTC', parseDecimal('1')!]])
  const begun = () => {
    const p = new Driven({ funds: [fundSpec({ weighting: { scheme: 'units', units } })] })
    p.clock(NOON)
    p.send({ kind: 'ledger', funds: [inceptionOf(p.frames.at(-1)!.proposals[0]!)] })
    return p
  }
  const rowsOf = (p: Driven) =>
    p.frames.flatMap(f => f.rows.measures.flatMap(row => (row.kind === 'fund' && !Number.isNaN(row.nav) ? [[row.t, row.nav]] : [])))

  it('is the state at the end of each second in which it changed, unwatched as well', () => {
    const p = begun()
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 })
    p.clock(NOON + 20)
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 900, price: 101.12345678901 })
    p.clock(NOON + 900)
    p.clock(NOON + 5480)
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5500, price: 102 })
    p.clock(NOON + 5500)
    p.clock(NOON + 9000)
    expect(rowsOf(p)).toEqual([
      [NOON + 1000, 101.12345678901],
      [NOON + 6000, 102],
    ])
  })

  it('has the last second of a replay too, though it never ends', () => {
    const p = begun()
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 305, price: 100 })
    p.send({ kind: 'feed', feed: 0, state: 'ended' })
    p.clock(NOON + 320)
    expect(rowsOf(p)).toEqual([[NOON + 1000, 100]])
    expect(p.frames.at(-1)?.t).toBe(NOON + 320)
  })
})

describe('a record of everything', () => {
  const options = () => ({
    everything: true,
    funds: [fundSpec({ weighting: { scheme: 'units', units: new Map([['BTC', parseDecimal('1')!]]) } })],
    portfolios: [
      { id: 'P', quote: 'USD', method: 'fifo', feesInCost: true, transactions: [transaction('buy BTC 1 100', NOON + 30)] } as const,
    ],
    pools: [poolSpec()],
  })
  const play = (p: Driven): void => {
    p.clock(NOON)
    p.send({ kind: 'ledger', funds: p.frames.at(-1)!.proposals.map(inceptionOf) })
    for (let i = 0; i < 20; i++) {
      const t = NOON + 20 * (i + 1)
      p.trades(0, { symbol: i % 3 === 0 ? 'ETH-USD' : 'BTC-USD', t, price: 100 + i })
      if (i % 5 === 0) p.send({ kind: 'chain', feed: 0, logs: [logAt(i, 0, sync(1000 + i, 7), t)], messages: 1, bad: {} })
      p.clock(t)
    }
  }

  it('has every channel there is, whole: its patches, from the first on, make its state', () => {
    const p = new Driven(options())
    play(p)
    const states = new Map<string, { seq: number; state: JsonObject }>()
    for (const { bytes } of p.frames.flatMap(f => f.pushes)) {
      const { ch, seq, prev = seq - 1, d } = JSON.parse(utf8Text(bytes))
      const known = states.get(ch) ?? { seq: 0, state: emptyObject() }
      expect(prev).toBe(known.seq)
      states.set(ch, { seq, state: applyPatch(known.state, d) as JsonObject })
    }
    const names = [...channelNames(p.pipeline.view)].sort()
    expect(names).toContain('candle:1d:ETH-USD')
    expect([...states.keys()].sort()).toEqual(names)
    for (const [name, { seq, state }] of states) {
      const snapshot = JSON.parse(utf8Text(p.pipeline.channels.snapshot(name)!.bytes))
      expect([snapshot.seq, canonical(snapshot.snap)]).toEqual([seq, canonical(state)])
    }
    for (const kind of ['fund:F', 'pnl:P', 'pool:P', 'trades:BTC-USD']) expect(states.get(kind)?.seq).toBeGreaterThan(1)
  })

  it('is the same each time, and stores what is stored without it', () => {
    const record = (everything: boolean) => {
      const p = new Driven({ ...options(), everything })
      play(p)
      p.clock(NOON + 5_000)
      return { pushes: p.frames.flatMap(f => f.pushes.map(push => utf8Text(push.bytes))), measures: p.frames.flatMap(f => f.rows.measures) }
    }
    const first = record(true)
    expect(first.pushes.length).toBeGreaterThan(100)
    expect(record(true)).toEqual(first)
    expect(record(false)).toEqual({ pushes: [], measures: first.measures })
  })
})

describe('the same input', () => {
  const channels = ['tick:BTC-USD', 'trades:BTC-USD', 'candle:1m:BTC-USD', 'tick:ETH-USD', 'fund:F']
  const script = fc.array(
    fc.record({
      symbol: fc.constantFrom('BTC-USD', 'ETH-USD'),
      step: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -30, max: 60 }) }, fc.integer({ min: 0, max: 40_000 })),
      price: fc.integer({ min: 1, max: 1000 }),
    }),
    { minLength: 1, maxLength: 60 },
  )

  it('gives the same frames however it is cut, and every follower the server’s state', () => {
    const run = (list: { symbol: string; step: number; price: number }[], whole: boolean) => {
      const supplies = new Map([
        ['BTC', 3],
        ['ETH', 5],
      ])
      const p = new Driven({ funds: [fundSpec({ weighting: { scheme: 'market-cap', count: 2, cap: 1 }, supplies })] })
      p.watch(...channels)
      let t = NOON
      let frame = 0
      let batch: Trade[] = []
      const close = () => {
        if (batch.length === 0) return
        if (whole) p.trades(0, ...batch)
        else for (const trade of batch) p.trades(0, trade)
        batch = []
        p.clock(frame)
        const { proposals } = p.frames.at(-1)!
        if (proposals.length > 0) p.send({ kind: 'ledger', funds: proposals.map(inceptionOf) })
      }
      list.forEach(({ symbol, step, price }, i) => {
        const trade = { symbol, t: t + step, price, id: `${i}` }
        t = Math.max(t, trade.t)
        const end = Math.ceil(t / 20) * 20
        if (end !== frame) {
          close()
          if (frame > 0 && end > frame + 20) p.clock(end - 20)
          frame = end
        }
        batch.push(trade)
      })
      close()
      expect(p.agrees()).toBe(true)
      return p.frames.flatMap(f => f.pushes.map(push => utf8Text(push.bytes)))
    }
    fc.assert(
      fc.property(script, list => {
        expect(run(list, true)).toEqual(run(list, false))
      }),
    )
  })
})
