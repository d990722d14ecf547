import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Input } from '../../../streams/input.ts'
import type { Ticks } from '../../../streams/market/ticks.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { ChainLog } from '../../../streams/pools/chainLog.ts'
import { drained } from '../../test/feedKit.ts'
import type { FeedInput } from '../feed.ts'
import { merged } from './merge.ts'

const FRAME = 20
const T0 = Date.UTC(2024, 0, 1)

/** Rows of one feed as a batch; the id of a row is its place in the feed. */
const batch = (feed: number, times: readonly number[], first: number): Ticks => {
  const writer = new TickWriter(feed)
  times.forEach((t, i) => {
    writer.message(Number.NaN)
    writer.trade(0, 0, T0 + t, 1, 1, '', `${first + i}`)
  })
  return writer.drain()!
}

/** The rows of a feed, cut into batches of these sizes, over and over. */
const replayOf = (feed: number, times: readonly number[], sizes: readonly number[]) => {
  const batches = async function* (): AsyncGenerator<FeedInput> {
    for (let from = 0, k = 0; from < times.length; k++) {
      const size = sizes[k % sizes.length]!
      yield batch(feed, times.slice(from, from + size), from)
      from += size
    }
  }
  return { feed, batches: batches() }
}

/** Every event by itself: `feed:id` for a row, `|t` for a clock, `feed.` for an end. */
const flat = (inputs: readonly Input[]): string[] =>
  inputs.flatMap(input => {
    if (input.kind === 'clock') return [`|${input.t - T0}`]
    if (input.kind === 'feed') return [`${input.feed}.`]
    if (input.kind === 'chain') return input.logs.map(log => `${input.feed}:${log.index}`)
    if (input.kind !== 'ticks') return ['?']
    return Array.from({ length: input.to - input.from }, (_, k) => `${input.feed}:${input.columns.id[input.from + k]}`)
  })

const merge = async (feeds: readonly (readonly number[])[], sizes: readonly number[] = [1_000]): Promise<Input[]> =>
  drained(
    merged(
      feeds.map((times, feed) => replayOf(feed, times, sizes)),
      FRAME,
    ),
  )

/** What must come of it, worked out from all rows at once. */
const expected = (feeds: readonly (readonly number[])[]): string[] => {
  const rows = feeds.flatMap((times, feed) => {
    let key = Number.NEGATIVE_INFINITY
    return times.map((t, id) => {
      key = Math.max(key, t)
      return { key, feed, text: `${feed}:${id}`, last: id === times.length - 1 }
    })
  })
  rows.sort((a, b) => a.key - b.key || a.feed - b.feed) // stable: a feed's own order stays
  const out: string[] = feeds.flatMap((times, feed) => (times.length === 0 ? [`${feed}.`] : []))
  let frame = Number.NaN
  for (const { key, feed, text, last } of rows) {
    const end = Math.ceil(key / FRAME) * FRAME
    if (end > frame) {
      out.push(`|${frame}`)
      if (end - FRAME > frame) out.push(`|${end - FRAME}`)
    }
    frame = end
    out.push(text)
    if (last) out.push(`${feed}.`)
  }
  return rows.length === 0 ? out : [...out, `|${frame}`]
}

const times = fc.array(fc.oneof(fc.integer({ min: -30, max: 45 }), fc.constantFrom(0, 20, 1_000)), { maxLength: 40 }).map(steps => {
  let t = 100
  return steps.map(step => {
    t = Math.max(0, t + step)
    return t
  })
})
const feeds = fc.array(times, { minLength: 1, maxLength: 4 })
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

describe('a merge of replays', () => {
  it('gives the same events in the same order, however the files are cut into batches', async () => {
    await fc.assert(
      fc.asyncProperty(feeds, sizes, async (all, cut) => {
        const wanted = expected(all)
        expect(flat(await merge(all))).toEqual(wanted)
        expect(flat(await merge(all, cut))).toEqual(wanted)
      }),
      { numRuns: 300 },
    )
  })

  it('closes a frame right behind its last event, and lets time come to the end of the last empty one', async () => {
    expect(flat(await merge([[1, 20, 21, 40, 100, 3_600_000]]))).toEqual([
      '0:0',
      '0:1',
      '|20',
      '0:2',
      '0:3',
      '|40',
      '|80',
      '0:4',
      '|100',
      '|3599980',
      '0:5',
      '0.',
      '|3600000',
    ])
  })

  it('knows a frame’s end from what the files hold, before the next event is asked for', async () => {
    const inputs = merged([replayOf(0, [5, 3_600_000], [1])], FRAME)
    const kinds = []
    for (let i = 0; i < 2; i++) kinds.push((await inputs.next()).value!.kind)
    expect(kinds).toEqual(['ticks', 'clock'])
    await inputs.return(undefined)
  })

  it('hands on windows of the batches it was given, and what was counted with them once', async () => {
    const given: Ticks[] = []
    const counted = async function* (feed: number): AsyncGenerator<FeedInput> {
      const one = { ...batch(feed, [1, 2, 30, 31, 70], 0), bad: { price: 3 }, messages: 9 }
      given.push(one)
      yield one
    }
    const inputs = await drained(
      merged(
        [
          { feed: 0, batches: counted(0) },
          { feed: 1, batches: counted(1) },
        ],
        FRAME,
      ),
    )
    const windows = inputs.filter(input => input.kind === 'ticks')
    expect(windows.length).toBeGreaterThan(4)
    for (const { feed, columns } of windows) expect(columns).toBe(given[feed]!.columns)
    for (const feed of [0, 1]) {
      const own = windows.filter(window => window.feed === feed)
      expect(own.map(({ from }) => from)).toEqual([0, ...own.slice(0, -1).map(({ to }) => to)])
      expect(own.map(({ messages }) => messages)).toEqual([9, ...own.slice(1).map(() => 0)])
      expect(own.map(({ bad }) => bad)).toEqual([{ price: 3 }, ...own.slice(1).map(() => ({}))])
    }
  })

  it('passes on batches without events where they stand, and what feeds say of themselves', async () => {
    const empty: Ticks = { ...batch(0, [1], 0), to: 0, messages: 4, bad: { unreadable: 4 } }
    const given = async function* (): AsyncGenerator<FeedInput> {
      yield { kind: 'feed', feed: 0, state: 'live' }
      yield empty
      yield batch(0, [1], 0)
      yield empty
    }
    const inputs = await drained(merged([{ feed: 0, batches: given() }], FRAME))
    expect(inputs.map(input => (input.kind === 'ticks' ? `ticks ${input.to - input.from} ${input.messages}` : input.kind))).toEqual([
      'feed',
      'ticks 0 4',
      'ticks 1 1',
      'ticks 0 4',
      'feed',
      'clock',
    ])
  })

  it('merges event logs with ticks by time', async () => {
    const log = (t: number, index: number): ChainLog => ({ t: T0 + t, block: 1, index, address: '', topics: [], data: '0x' })
    const chain = async function* (): AsyncGenerator<FeedInput> {
      yield { kind: 'chain', feed: 1, logs: [log(5, 0), log(15, 1), log(45, 2)], messages: 3, bad: { time: 1 } }
    }
    const inputs = await drained(merged([replayOf(0, [10, 41], [10]), { feed: 1, batches: chain() }], FRAME))
    expect(flat(inputs)).toEqual(['1:0', '0:0', '1:1', '|20', '|40', '0:1', '0.', '1:2', '1.', '|60'])
    expect(inputs.filter(input => input.kind === 'chain').map(({ messages, bad }) => [messages, bad])).toEqual([
      [3, { time: 1 }],
      [0, {}],
      [0, {}],
    ])
  })

  it('ends where all feeds are empty, with no frame', async () => {
    expect(flat(await merge([[], []]))).toEqual(['0.', '1.'])
  })

  it('closes its files when it is left early', async () => {
    let closed = 0
    const open = async function* (feed: number): AsyncGenerator<FeedInput> {
      try {
        for (let i = 0; ; i++) yield batch(feed, [i * 100], i)
      } finally {
        closed += 1
      }
    }
    for await (const input of merged(
      [
        { feed: 0, batches: open(0) },
        { feed: 1, batches: open(1) },
      ],
      FRAME,
    ))
      if (input.kind === 'clock') break
    expect(closed).toBe(2)
  })
})
