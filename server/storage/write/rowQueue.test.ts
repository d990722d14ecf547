import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Engine } from '../engine/engine.ts'
import { queueFigures, RowQueue, type RowQueueOptions } from './rowQueue.ts'

const log = pino({ level: 'silent' })
const engine = Promise.resolve({ client: { ping: async () => ({ success: true }) } } as unknown as Engine)

/** An error as ClickHouse gives it. */
const refusal = (code: string): Error => Object.assign(new Error(`Code: ${code}`), { code })

/** A store that takes no row of `bad`, and refuses everything for `failures` attempts. */
const store = (bad: ReadonlySet<number> = new Set(), failures = 0, code = '210') => {
  const inserted: number[] = []
  return {
    inserted,
    bad: new Set(bad),
    async insert(this: { bad: Set<number> }, _: Engine, rows: readonly number[]): Promise<void> {
      if (failures-- > 0) throw refusal(code)
      if (rows.some(row => this.bad.has(row))) throw refusal('117')
      inserted.push(...rows)
    },
  }
}

const queueOf = (to: ReturnType<typeof store>, options: Omit<RowQueueOptions<number>, 'insert'> = {}, opening = engine) => {
  const queue = new RowQueue<number>(opening, { ...options, insert: (...given) => to.insert(...given) }, log)
  onTestFinished(() => queue.close())
  return queue
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

describe('rows', () => {
  it('are inserted in order, and again if the engine did not take them', async () => {
    const to = store(new Set(), 2)
    const queue = queueOf(to)
    for (const row of upTo(12_000)) queue.put(row)
    await queue.stored()
    expect(queue.stats()).toMatchObject({ waiting: 0, stored: 12_000, retries: 2, dropped: 0, setAside: 0, lastError: undefined })
    expect(to.inserted).toEqual(upTo(12_000))
  })

  it('are dropped and counted if more come than may wait', () => {
    const queue = queueOf(store(), {}, new Promise(() => {}))
    for (const row of upTo(100_003)) queue.put(row)
    expect(queue.stats()).toMatchObject({ waiting: 100_000, stored: 0, retries: 0, dropped: 3 })
  })

  it('go in one insert after the other if somebody waits for all', async () => {
    const inserts: number[] = []
    const queue = new RowQueue<number>(engine, { insert: async (_, rows) => void inserts.push(...rows) }, log)
    onTestFinished(() => queue.close())
    for (let i = 0; i < 20; i++) {
      queue.put(i)
      await queue.stored()
    }
    // With a pause after each it would take ten seconds.
    expect(inserts).toEqual(upTo(20))
  }, 5_000)

  it('that ClickHouse never takes are set aside, whichever they are, and all others are stored in order', () =>
    fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(499), { maxLength: 40 }), async bad => {
        const to = store(new Set(bad))
        const queue = new RowQueue<number>(engine, { insert: (...given) => to.insert(...given) }, log)
        for (const row of upTo(500)) queue.put(row)
        await queue.stored()
        expect(to.inserted).toEqual(upTo(500).filter(row => !to.bad.has(row)))
        expect(queue.stats()).toMatchObject({ waiting: 0, stored: 500 - bad.length, setAside: bad.length, dropped: 0, retries: 0 })
        await queue.close()
      }),
      { numRuns: 20 },
    ))

  it('that are set aside go in when they are tried again, once ClickHouse takes them', async () => {
    const to = store(new Set([3, 5]))
    const queue = queueOf(to)
    for (const row of upTo(8)) queue.put(row)
    await queue.stored()
    expect(queue.stats()).toMatchObject({ stored: 6, setAside: 2, whyAside: 'Code: 117' })
    to.bad.delete(5)
    expect(queue.retrySetAside()).toBe(2)
    await expect.poll(() => queue.stats()).toMatchObject({ waiting: 0, stored: 7, setAside: 1 })
    expect(to.inserted.at(-1)).toBe(5)
  })

  it('of a group wait behind one of it that is set aside, and go in behind it', async () => {
    const to = store(new Set([13]))
    const queue = queueOf(to, { groupOf: row => String(row % 10) })
    for (const row of [1, 2, 3, 13, 12, 23]) queue.put(row)
    await queue.stored()
    queue.put(33)
    queue.put(32)
    await queue.stored()
    expect(to.inserted).toEqual([1, 2, 3, 12, 32])
    expect(queue.stats()).toMatchObject({ setAside: 3 })
    to.bad.clear()
    queue.retrySetAside()
    queue.put(43)
    await queue.stored()
    expect(to.inserted).toEqual([1, 2, 3, 12, 32, 13, 23, 33, 43])
  })

  it('are dropped and counted if too many are set aside already', async () => {
    const to = store(new Set(upTo(10_005)))
    const queue = queueOf(to, { groupOf: () => '' })
    for (const row of upTo(10_005)) queue.put(row)
    await queue.stored()
    expect(queue.stats()).toMatchObject({ waiting: 0, stored: 0, setAside: 10_000, dropped: 5 })
  })

  it('of a table that is refused wait, unless that lasts while ClickHouse answers otherwise', async () => {
    const passing = queueOf(store(new Set(), 2, '60'))
    const lasting = queueOf(store(new Set(), 1, '60'), { lastingMs: 0 })
    for (const queue of [passing, lasting]) {
      queue.put(1)
      await queue.stored()
    }
    expect(passing.stats()).toMatchObject({ stored: 1, setAside: 0, retries: 2 })
    expect(lasting.stats()).toMatchObject({ stored: 0, setAside: 1, retries: 0 })
  })
})

it('the figures of queues are counts by name, and their newest trouble', async () => {
  const whole = queueOf(store())
  const broken = queueOf(store(new Set([1])))
  for (const queue of [whole, broken]) {
    for (const row of [0, 1]) queue.put(row)
    await queue.stored()
  }
  expect(queueFigures({ whole, broken })).toEqual({
    waiting: { whole: 0, broken: 0 },
    stored: { whole: 2, broken: 1 },
    retries: { whole: 0, broken: 0 },
    dropped: { whole: 0, broken: 0 },
    setAside: { whole: 0, broken: 1 },
    whyAside: 'Code: 117',
    lastError: undefined,
  })
})
