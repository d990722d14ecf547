import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connect } from '../../../clients/driftwire-client/src/index.ts'
import { Lab, Line, virtualTime } from '../../test/lab.ts'

const NOON = Date.UTC(2024, 7, 8, 12)
const [BTC, ETH] = ['candle:1m:BTC-USD', 'candle:1m:ETH-USD']

beforeEach(() => virtualTime(NOON))
afterEach(() => {
  vi.useRealTimers()
})

/** A client, what it shows of each channel, and what it was sent about silence. */
const opened = (lab: Lab) => {
  const said: unknown[] = []
  lab.sent = (_line, text) => {
    if (text.startsWith('{"stale"')) said.push(JSON.parse(text))
  }
  const wire = connect('lab', { socket: () => new Line(lab, { bytesPerSecond: Number.POSITIVE_INFINITY }).near })
  const shown: [channel: string, seq: number, stale: boolean][] = []
  const follow = (channel: string): void => {
    wire.channel(channel).subscribe(({ seq, stale }) => shown.push([channel, seq, stale]))
    vi.advanceTimersByTime(50)
  }
  const frame = (): void => {
    lab.frame([
      { symbol: 'BTC-USD', price: 100 + Math.random() },
      { symbol: 'ETH-USD', price: 10 + Math.random() },
    ])
    vi.advanceTimersByTime(20)
  }
  return { said, shown, follow, frame, wire }
}

describe('a gateway that hears nothing of its core', () => {
  it('says which channels are stale and since when, once, and when it is over', () => {
    const lab = new Lab()
    const { said, shown, follow, frame, wire } = opened(lab)
    for (const channel of [BTC, ETH]) follow(channel)
    frame()
    lab.bus.silence$.next(NOON + 20)
    lab.bus.silence$.next(NOON + 20)
    vi.advanceTimersByTime(100)
    expect(said).toEqual([{ stale: [BTC, ETH], since: NOON + 20 }])
    const seq = Object.fromEntries(shown)
    expect(shown.slice(-2)).toEqual([
      [BTC, seq[BTC], true],
      [ETH, seq[ETH], true],
    ])
    lab.bus.silence$.next(undefined)
    vi.advanceTimersByTime(100)
    expect(said.slice(1)).toEqual([{ stale: [] }])
    expect(shown.slice(-2)).toEqual([
      [BTC, seq[BTC], false],
      [ETH, seq[ETH], false],
    ])
    frame()
    expect(shown.at(-2)).toEqual([BTC, seq[BTC]! + 1, false])
    expect(wire.counts.healed).toBe(0)
    wire.close()
    lab.close()
  })

  it('says it to those who begin to follow something meanwhile, and to nobody who follows nothing', () => {
    const lab = new Lab()
    const { said, shown, follow, wire } = opened(lab)
    vi.advanceTimersByTime(50)
    lab.bus.silence$.next(NOON)
    vi.advanceTimersByTime(50)
    expect(said).toEqual([])
    follow(BTC)
    follow(ETH)
    expect(said).toEqual([
      { stale: [BTC], since: NOON },
      { stale: [BTC, ETH], since: NOON },
    ])
    expect(shown.every(([, , stale]) => stale)).toBe(true)
    wire.close()
    lab.close()
  })
})
