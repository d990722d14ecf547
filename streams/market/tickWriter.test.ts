import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BUY, CANDLE, NO_SIDE, QUOTE, SELL, type Ticks, TRADE } from './ticks.ts'
import { TickWriter } from './tickWriter.ts'

const NOW = Date.UTC(2024, 7, 8)

const receiving = (at = NOW): TickWriter => {
  const writer = new TickWriter(3)
  writer.message(at)
  return writer
}

const times = (batch: Ticks | undefined): number[] => [...batch!.columns.t.subarray(0, batch!.to)]

describe('a tick writer', () => {
  it('leaves out what no market says, each by its kind', () => {
    const trade =
      (t: number, price = 1, size = 1) =>
      (w: TickWriter) =>
        w.trade(0, 0, t, price, size, 'buy', '1')
    const quote =
      (bid: number, ask: number, t = NOW) =>
      (w: TickWriter) =>
        w.quote(0, 0, t, bid, ask)
    const candle =
      (open: number, high: number, low: number, close: number, volume = 1) =>
      (w: TickWriter) =>
        w.candle(0, 0, NOW - 60_000, 60_000, { open, high, low, close }, volume, '1')
    const cases: [what: string, write: (w: TickWriter) => void, bad: object][] = [
      ['a trade', trade(NOW), {}],
      ['the age of these markets', trade(Date.UTC(2009, 0, 1)), {}],
      ['before it', trade(Date.UTC(2009, 0, 1) - 1), { time: 1 }],
      ['a clock ahead by 5 s', trade(NOW + 5_000), {}],
      ['and by more', trade(NOW + 5_001), { time: 1 }],
      ['no time', trade(Number.NaN), { time: 1 }],
      ['beyond what a date holds', trade(8.64e15), { time: 1 }],
      ['price 0', trade(NOW, 0), { price: 1 }],
      ['price below 0', trade(NOW, -1), { price: 1 }],
      ['no price', trade(NOW, Number.NaN), { price: 1 }],
      ['an absurd price', trade(NOW, 1e16), { price: 1 }],
      ['size 0', trade(NOW, 1, 0), { size: 1 }],
      ['size below 0', trade(NOW, 1, -1), { size: 1 }],
      ['no size', trade(NOW, 1, Number.NaN), { size: 1 }],
      ['a locked quote', quote(2, 2), {}],
      ['a crossed quote', quote(2, 1), { quote: 1 }],
      ['a bid of 0', quote(0, 1), { quote: 1 }],
      ['no bid', quote(Number.NaN, 1), {}],
      ['no ask', quote(1, Number.NaN), {}],
      ['neither', quote(Number.NaN, Number.NaN), {}],
      ['an absurd ask without a bid', quote(Number.NaN, -1), { quote: 1 }],
      ['an absurd ask', quote(1, 1e16), { quote: 1 }],
      ['a candle', candle(2, 3, 1, 2), {}],
      ['a high below the close', candle(1, 1.5, 1, 2), { price: 1 }],
      ['a low above the open', candle(1, 3, 1.5, 2), { price: 1 }],
      ['a low of 0', candle(1, 3, 0, 2), { price: 1 }],
      ['volume 0', candle(2, 3, 1, 2, 0), {}],
      ['no volume', candle(2, 3, 1, 2, Number.NaN), { size: 1 }],
    ]
    for (const [what, write, bad] of cases) {
      const writer = receiving()
      write(writer)
      const { to, bad: counted, messages } = writer.drain()!
      expect({ what, bad: counted, to, messages }).toEqual({ what, bad, to: Object.keys(bad).length === 0 ? 1 : 0, messages: 1 })
    }
  })

  it('reports everything it leaves out', () => {
    const heard: [string, number][] = []
    const writer = new TickWriter(0, (kind, n) => heard.push([kind, n]))
    writer.message(NOW)
    writer.trade(0, 0, NOW, 0, 1, '', '1')
    writer.reject('gap', 7)
    expect(heard).toEqual([
      ['price', 1],
      ['gap', 7],
    ])
  })

  it('gives a quote without a time the newest exchange time of its connection, whatever message that came with', () => {
    const writer = receiving()
    writer.quote(0, 0, Number.NaN, 1, 2) // nothing yet: the moment of receipt
    writer.trade(0, 0, NOW - 900, 1, 1, '', '1')
    writer.trade(0, 0, NOW - 950, 1, 1, '', '2')
    writer.quote(0, 0, Number.NaN, 1, 2)
    writer.time(NOW - 500)
    writer.quote(0, 0, Number.NaN, 1, 3)
    writer.reconnect()
    writer.message(NOW + 60_000.7)
    writer.quote(0, 0, Number.NaN, 1, 4)
    expect(times(writer.drain())).toEqual([NOW, NOW - 900, NOW - 950, NOW - 900, NOW - 500, NOW + 60_000])
  })

  it('takes no exchange time that is absurd', () => {
    const writer = receiving()
    writer.time(NOW + 6_000)
    writer.quote(0, 0, Number.NaN, 1, 2)
    const batch = writer.drain()!
    expect(times(batch)).toEqual([NOW])
    expect(batch.bad).toEqual({ time: 1 })
  })

  it('says by how much the newest tick lagged behind its receipt', () => {
    const writer = receiving()
    writer.trade(0, 0, NOW - 40, 1, 1, '', '1')
    writer.trade(0, 0, NOW - 90, 1, 1, '', '2')
    expect(writer.drain()!.lag).toBe(40)
  })

  it('writes a candle at its last millisecond and its close', () => {
    const writer = receiving(Number.NaN)
    writer.candle(1, 2, NOW, 60_000, { open: 2, high: 4, low: 1, close: 3 }, 5, 'c:2')
    const { columns: c, to } = writer.drain()!
    expect(to).toBe(1)
    expect([c.type[0], c.t[0], c.price[0], c.size[0], c.side[0], c.id[0]]).toEqual([CANDLE, NOW + 59_999, 3, 5, NO_SIDE, 'c:2'])
    expect([c.candle!.open[0], c.candle!.high[0], c.candle!.low[0], c.candle!.span[0]]).toEqual([2, 4, 1, 60_000])
  })

  it('gives back what was put in, in order, whenever it is taken', () => {
    const tick = fc.record({ symbol: fc.nat(9), price: fc.integer({ min: 1, max: 1e6 }), side: fc.constantFrom('buy', 'sell', '') })
    fc.assert(
      fc.property(fc.array(fc.array(tick, { maxLength: 200 }), { maxLength: 5 }), batches => {
        const writer = new TickWriter(3)
        let id = 0
        for (const batch of batches) {
          expect(writer.drain()).toBeUndefined()
          writer.message(NOW)
          for (const { symbol, price, side } of batch) writer.trade(symbol, 4, NOW, price, 2, side as 'buy', String(id++))
          const { columns: c, from, to, feed } = writer.drain()!
          expect([feed, from, to]).toEqual([3, 0, batch.length])
          expect([...c.id]).toEqual(batch.map((_, i) => String(id - batch.length + i)))
          batch.forEach(({ symbol, price, side }, i) => {
            expect([c.type[i], c.symbol[i], c.source[i], c.price[i], c.size[i]]).toEqual([TRADE, symbol, 4, price, 2])
            expect(c.side[i]).toBe(side === 'buy' ? BUY : side === 'sell' ? SELL : NO_SIDE)
          })
        }
      }),
    )
  })

  it('sheds the oldest quotes first and trades only where no quotes are left, and counts them', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), fc.nat(60), (isQuote, rows) => {
        const writer = receiving()
        isQuote.forEach((quote, i) => {
          if (quote) writer.quote(0, 0, NOW, i + 1, i + 1)
          else writer.trade(0, 0, NOW, i + 1, 1, '', `${i + 1}`)
        })
        writer.shed(rows)
        const { columns: c, to, bad, gaps } = writer.drain()!

        let excess = Math.max(0, isQuote.length - rows)
        const all = isQuote.map((quote, i) => ({ quote, n: i + 1 }))
        const withoutQuotes = all.filter(({ quote }) => !(quote && excess-- > 0))
        const wanted = withoutQuotes.slice(Math.max(0, withoutQuotes.length - rows))
        expect([...c.price.subarray(0, to)]).toEqual(wanted.map(({ n }) => n))
        expect([...c.id]).toEqual(wanted.map(({ quote, n }) => (quote ? '' : `${n}`)))
        expect([...c.type.subarray(0, to)]).toEqual(wanted.map(({ quote }) => (quote ? QUOTE : TRADE)))
        expect(bad).toEqual(to < isQuote.length ? { dropped: isQuote.length - to } : {})
        // Trades that are lost are a gap.
        const lost = all.filter(tick => !tick.quote).length > wanted.filter(tick => !tick.quote).length
        expect(gaps?.map(({ from, healed }) => [from, healed])).toEqual(lost ? [[NOW, false]] : undefined)
      }),
    )
  })
})
