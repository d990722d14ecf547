import { describe, expect, it } from 'vitest'
import { Changes, Source } from '../lib/dependencies.ts'
import { NOON } from '../test/drive.ts'
import { utf8Text } from './byteWriter.ts'
import { type Channel, ChannelStates, type Push } from './channelStates.ts'

const text = (push: Push | undefined): string | undefined => push && utf8Text(push.bytes)

/** One channel that shows a number and a note, both written by hand. */
const written = (name = 'fund:F') => {
  const frames = new ChannelStates('e1', 12)
  const changes = new Changes()
  const source = new Source()
  const now: { nav?: number; note?: string } = {}
  const listening: boolean[] = []
  const channel = frames.open(name, source, state => {
    const nav = state.root.number('nav')
    const note = state.root.value('note')
    return {
      state,
      write: () => {
        nav.set(now.nav)
        note.set(now.note)
      },
      listen: on => listening.push(on),
    }
  })
  let t = NOON
  return {
    frames,
    channel,
    listening,
    /** Ends a frame in which this came; the patches of it. */
    frame(figures: typeof now, touched = true): readonly Push[] {
      Object.assign(now, figures)
      if (touched) source.touch(changes)
      t += 20
      changes.recompute(t)
      frames.t = t
      return frames.drain()
    },
  }
}

describe('a channel', () => {
  it('writes its patches while it is watched, numbered one by one, and none where nothing changed', () => {
    const w = written()
    expect(w.frame({ nav: 100 })).toEqual([])
    w.channel.watch(true)
    const first = w.frame({ nav: 101 })
    expect(first.map(text)).toEqual([`{"ch":"fund:F","seq":1,"t":${NOON + 40},"d":{"nav":101}}`])
    expect(first[0]).toMatchObject({ channel: 'fund:F', seq: 1, prev: 0 })
    expect(w.frame({})).toEqual([])
    expect(w.frame({ nav: 102 }, false)).toEqual([])
    expect(w.frame({ note: 'a "quote"' }).map(text)).toEqual([
      `{"ch":"fund:F","seq":2,"t":${NOON + 100},"d":{"nav":102,"note":"a \\"quote\\""}}`,
    ])
    w.channel.watch(false)
    expect(w.frame({ nav: 103 })).toEqual([])
  })

  it('tells what lies behind it once that somebody listens, and once that nobody does', () => {
    const w = written()
    for (const on of [true, true, false, false, true]) w.channel.watch(on)
    expect(w.listening).toEqual([true, false, true])
    w.frame({ nav: 1 })
    // Watched twice is written once.
    expect(w.frame({ nav: 2 })).toHaveLength(1)
  })

  it('gives several patches of one frame where it says so in between, in their order', () => {
    const frames = new ChannelStates('e1', 12)
    const changes = new Changes()
    const source = new Source()
    const channel: Channel = frames.open('trades:X', source, state => ({
      state,
      write: (_t, commit) => {
        for (const n of [1, 2, 3]) {
          state.root.exact('n').set(n)
          if (n < 3) commit()
        }
      },
    }))
    channel.watch(true)
    source.touch(changes)
    changes.recompute(NOON)
    expect(frames.drain().map(push => [push.prev, push.seq, JSON.parse(utf8Text(push.bytes)).d])).toEqual([
      [0, 1, { n: 1 }],
      [1, 2, { n: 2 }],
      [2, 3, { n: 3 }],
    ])
  })
})

describe('what is asked of the channels', () => {
  const told = () => {
    const w = written()
    w.channel.watch(true)
    w.frame({ nav: 100 })
    w.frame({ nav: 101, note: 'x' })
    w.frame({ nav: 102 })
    return w
  }

  it('is answered by the whole state as of the last frame', () => {
    const w = told()
    const snapshot = w.frames.snapshot('fund:F')
    expect(text(snapshot)).toBe(`{"ch":"fund:F","epoch":"e1","seq":3,"t":${NOON + 60},"snap":{"nav":102,"note":"x"}}`)
    expect(snapshot).toMatchObject({ seq: 3, prev: 3 })
  })

  it('is answered by one patch for all that came after a number', () => {
    const { frames } = told()
    const from = `"t":${NOON + 60},`
    expect(text(frames.since('fund:F', 2))).toBe(`{"ch":"fund:F","seq":3,${from}"d":{"nav":102}}`)
    expect(text(frames.since('fund:F', 1))).toBe(`{"ch":"fund:F","seq":3,${from}"prev":1,"merged":2,"d":{"nav":102,"note":"x"}}`)
    expect(text(frames.since('fund:F', 0))).toBe(`{"ch":"fund:F","seq":3,${from}"prev":0,"merged":3,"d":{"nav":102,"note":"x"}}`)
    expect(frames.since('fund:F', 4)).toBeUndefined()
  })

  it('is answered by a checksum, the same for the same state however it was reached', () => {
    const w = told()
    const sum = text(w.frames.checksum('fund:F'))
    expect(sum).toMatch(/^\{"ch":"fund:F","seq":3,"h":"[0-9a-f]{8}"\}$/)
    w.frame({ nav: 103 })
    expect(text(w.frames.checksum('fund:F'))).not.toBe(sum?.replace('"seq":3', '"seq":4'))
    w.frame({ nav: 102 })
    expect(text(w.frames.checksum('fund:F'))).toBe(sum?.replace('"seq":3', '"seq":5'))
  })

  it('is answered by nothing for a channel that nobody has opened', () => {
    const { frames } = told()
    for (const answer of [frames.snapshot('fund:G'), frames.since('fund:G', 0), frames.checksum('fund:G')]) expect(answer).toBeUndefined()
    expect([frames.seq('fund:F'), frames.seq('fund:G')]).toEqual([3, 0])
  })

  it('stays readable after more is written: no push shares its bytes with another', () => {
    const w = written('tick:BTC-USD')
    w.channel.watch(true)
    const pushes: Push[] = []
    const texts: string[] = []
    // Beyond the size of one slab of the writer.
    for (let i = 0; i < 3_000; i++) {
      for (const push of [...w.frame({ nav: i + 1, note: 'x'.repeat(i % 97) }), w.frames.snapshot('tick:BTC-USD')!]) {
        pushes.push(push)
        texts.push(utf8Text(push.bytes))
      }
    }
    expect(pushes.map(push => utf8Text(push.bytes))).toEqual(texts)
    expect(JSON.parse(texts.at(-1)!).snap).toEqual({ nav: 3_000, note: 'x'.repeat(2_999 % 97) })
  })
})
