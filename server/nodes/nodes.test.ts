import fc from 'fast-check'
import { pino } from 'pino'
import { Subject } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { tries } from '../test/effort.ts'
import { type Answer, Answerer } from './answerer.ts'
import { Asker } from './asker.ts'
import type { Arrived, Line } from './line.ts'
import { decodeMessages, type Entry, encodeMessages, PART_BYTES } from './message.ts'

/** Lines between named ends, whose entries arrive in a later turn, and of which the test may lose some. */
class Wires {
  /** Whether an entry gets lost: on its way, or so that its sender hears of it. */
  fate: (to: string) => 'arrives' | 'is lost' | 'fails' = () => 'arrives'
  private readonly ends = new Map<string, Subject<Arrived>>()
  private entries = 0

  line(name: string): Line {
    const entries$ = new Subject<Arrived>()
    this.ends.set(name, entries$)
    return { name, entries$, send: (to, entry) => this.send(to, entry) }
  }

  private async send(to: string, entry: Entry): Promise<string> {
    const fate = this.fate(to)
    const end = this.ends.get(to)
    if (end === undefined || fate === 'fails') throw new Error('it did not arrive')
    this.entries += 1
    const id = `${this.entries}-0`
    const { text, bytes } = encodeMessages(entry.messages)
    if (fate === 'arrives') setImmediate(() => end.next({ ...entry, id, messages: decodeMessages(text, bytes) }))
    return id
  }
}

const log = pino({ level: 'silent' })

/** Answers whose bodies are the question's own, and such as never end by themselves. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  echo: ({ head, body }) => ({ head, body }),
  stream: ({ head, body }) => ({
    head,
    body: new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(body)
        controller.close()
      },
    }),
  }),
  refuses: () => {
    throw new ProtocolError('rate_limited', 'slowly', 3)
  },
  fails: () => {
    throw new Error('a bug')
  },
  waits: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up')))),
}

const open = (answers = ANSWERS) => {
  const wires = new Wires()
  const core = new Answerer({ line: wires.line('core'), answers, says: () => 'core', bodyBytes: 2_000_000, now: Date.now, log })
  const asker = new Asker(wires.line('gw'), () => 'gateway', Date.now)
  asker.meet('core')
  const close = (): void => {
    asker.close()
    core.close()
  }
  return { wires, core, asker, close }
}

/** Lets all turns pass that are due. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 200; i++) await new Promise(resolve => setImmediate(resolve))
}
/** Lets time pass, and all turns of each moment. */
const pass = async (ms: number): Promise<void> => {
  for (let passed = 0; passed < ms; passed += 500) {
    await vi.advanceTimersByTimeAsync(500)
    for (let i = 0; i < 40; i++) await new Promise(resolve => setImmediate(resolve))
  }
}
const whole = async (rest: ReadableStream<Uint8Array> | undefined, first: Uint8Array): Promise<Buffer> => {
  const parts = [first]
  if (rest) for await (const part of rest) parts.push(part)
  return Buffer.concat(parts)
}
const bytesOf = (length: number, seed = 7): Buffer => Buffer.from(Uint8Array.from({ length }, (_, i) => (i * seed) >> 3))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('questions and answers between processes', () => {
  it('bring heads and bodies of any length there and back', async () => {
    const { asker, close } = open()
    for (const about of ['echo', 'stream']) {
      for (const length of [0, 1, PART_BYTES, PART_BYTES + 1, 20 * PART_BYTES + 5]) {
        const body = bytesOf(length)
        const asked = asker
          .ask(about, { length }, { body })
          .then(async ({ head, bytes, rest }) => ({ head, body: await whole(rest, bytes) }))
        await turns()
        await turns()
        const answered = await asked
        expect(answered.head).toEqual({ length })
        expect(answered.body.equals(body)).toBe(true)
      }
    }
    expect(asker.waiting).toBe(0)
    close()
  })

  it('bring refusals as they are, and of a bug only that there is one', async () => {
    const { asker, close } = open()
    const asked = ['refuses', 'fails', 'nothing of that kind'].map(about => asker.ask(about, {}).catch(error => error))
    await turns()
    expect(await Promise.all(asked)).toMatchObject([
      { code: 'rate_limited', message: 'slowly', retryAfter: 3 },
      { code: 'internal' },
      { code: 'not_found' },
    ])
    close()
  })

  it('refuse a body that is too long', async () => {
    const { asker, core, close } = open()
    const asked = asker.ask('echo', {}, { body: bytesOf(2_100_000) }).catch(error => error)
    await turns()
    await turns()
    expect(await asked).toMatchObject({ code: 'too_large' })
    expect(core.waiting).toBe(0)
    close()
  })

  it('go no faster than they are read', async () => {
    let made = 0
    const { asker, close } = open({
      endless: () => ({
        head: {},
        body: new ReadableStream<Uint8Array>({
          pull(controller) {
            made += 1
            controller.enqueue(bytesOf(PART_BYTES))
          },
        }),
      }),
    })
    const asked = asker.ask('endless', {})
    await turns()
    const { rest } = await asked
    await turns()
    expect(made).toBeLessThan(14)
    const reader = rest!.getReader()
    for (let i = 0; i < 20; i++) {
      const part = reader.read()
      await turns()
      expect((await part).value).toHaveLength(PART_BYTES)
    }
    expect(made).toBeGreaterThan(20)
    expect(made).toBeLessThan(40)
    await reader.cancel()
    await turns()
    const after = made
    await turns()
    expect(made).toBe(after)
    close()
  })

  it('are given up by the one who asks: the work is stopped', async () => {
    const { asker, core, close } = open()
    const abort = new AbortController()
    const asked = asker.ask('waits', {}, { signal: abort.signal }).catch(error => error.message)
    await turns()
    expect(core.waiting).toBe(1)
    abort.abort(new Error('gone'))
    await turns()
    expect(await asked).toBe('gone')
    expect(core.waiting).toBe(0)
    close()
  })

  it('run for as long as they need while both sides live', async () => {
    const { asker, core, close } = open()
    let ended = false
    asker.ask('waits', {}).catch(() => {
      ended = true
    })
    await pass(60_000)
    expect([ended, core.waiting]).toEqual([false, 1])
    close()
  })

  it.each([
    ['the question is lost', 'core', 'is lost'],
    ['the question does not leave', 'core', 'fails'],
    ['the answer is lost', 'gw', 'is lost'],
    ['the answer does not leave', 'gw', 'fails'],
  ] as const)('end with not_ready within 5 s: %s', async (_, end, fate) => {
    const { wires, asker, close } = open()
    await turns()
    let lost = 0
    wires.fate = to => {
      if (to !== end || lost > 0) return 'arrives'
      lost += 1
      return fate
    }
    const asked = asker.ask('echo', {}).catch(error => error)
    await pass(5_000)
    expect(await asked).toMatchObject({ code: 'not_ready', retry: true })
    // And the next one is answered as ever.
    const next = asker.ask('echo', 'again')
    await turns()
    expect((await next).head).toBe('again')
    close()
  })

  it('end when the core is silent, at once for those that come later, and go on when it is heard again', async () => {
    const { wires, asker, close } = open()
    await turns()
    wires.fate = to => (to === 'gw' ? 'is lost' : 'arrives')
    const asked = asker.ask('waits', {}).catch(error => error)
    await pass(4_000)
    expect(await asked).toMatchObject({ code: 'not_ready' })
    expect(asker.up).toBe(false)
    expect(await asker.ask('echo', {}).catch(error => error)).toMatchObject({ code: 'not_ready', message: 'the core does not answer' })
    wires.fate = () => 'arrives'
    await pass(1_500)
    const next = asker.ask('echo', 1)
    await turns()
    expect((await next).head).toBe(1)
    close()
  })

  it('end when there is another core, and are asked of that one from then on', async () => {
    const { wires, asker, core, close } = open()
    const other = new Answerer({
      line: wires.line('other'),
      answers: { who: () => ({ head: 'other' }) },
      says: () => 'other',
      bodyBytes: 1,
      now: Date.now,
      log,
    })
    let missed = 0
    asker.missed$.subscribe(() => missed++)
    const asked = asker.ask('waits', {}).catch(error => error)
    await turns()
    asker.meet('other')
    expect(await asked).toMatchObject({ code: 'not_ready' })
    const who = asker.ask('who', {})
    await turns()
    expect((await who).head).toBe('other')
    expect(missed).toBe(1)
    // The old one gives up what it did for a gateway that it does not hear any more.
    await pass(12_000)
    expect(core.waiting).toBe(0)
    other.close()
    close()
  })

  it('bring news to all gateways, and say when some may have been missed', async () => {
    const { wires, core, asker, close } = open()
    const second = new Asker(wires.line('second'), () => 'second', Date.now)
    second.meet('core')
    await turns()
    const heard: unknown[] = []
    for (const end of [asker, second]) end.news$.subscribe(({ news }) => heard.push(news))
    core.tell('x', 1)
    await turns()
    expect(heard).toEqual([1, 1])
    expect(core.known.map(({ says }) => says)).toEqual(['gateway', 'second'])
    let missed = 0
    second.missed$.subscribe(() => missed++)
    let lost = false
    wires.fate = to => {
      if (to !== 'second' || lost) return 'arrives'
      lost = true
      return 'is lost'
    }
    core.tell('x', 2)
    await turns()
    core.tell('x', 3)
    await turns()
    expect(heard).toEqual([1, 1, 2, 3, 3])
    expect(missed).toBe(1)
    second.close()
    close()
  })

  it('each end, whatever is lost: with the whole answer or an error, and nothing is left over', async () => {
    const fates = fc.array(
      fc.constantFrom('arrives', 'arrives', 'arrives', 'arrives', 'is lost', 'fails') as fc.Arbitrary<'arrives' | 'is lost' | 'fails'>,
      { minLength: 5, maxLength: 80 },
    )
    const lengths = fc.array(fc.nat({ max: 25 * PART_BYTES }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fates, lengths, async (list, sizes) => {
        const { wires, asker, core, close } = open()
        await turns()
        let i = 0
        wires.fate = () => list[i++] ?? 'arrives'
        const ends = sizes.map(async (size, seed) => {
          const body = bytesOf(size, seed + 3)
          try {
            const { bytes, rest } = await asker.ask(seed % 2 ? 'echo' : 'stream', {}, { body })
            return (await whole(rest, bytes)).equals(body) ? 'whole' : 'wrong'
          } catch (error) {
            return error instanceof ProtocolError && error.retry ? 'refused' : String(error)
          }
        })
        let over = false
        void Promise.all(ends).then(() => {
          over = true
        })
        // The last loss may come late; from then on all is over within 5 s.
        for (let t = 0; t < 40_000 && !over; t += 1_000) await pass(1_000)
        expect(over).toBe(true)
        expect([...new Set(await Promise.all(ends))].filter(end => end !== 'whole' && end !== 'refused')).toEqual([])
        await pass(3_000)
        expect([asker.waiting, core.waiting]).toEqual([0, 0])
        close()
      }),
      { numRuns: tries(15) },
    )
  })
})
