import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HashQueue } from './hashQueue.ts'

const LIMITS = { running: 2, waiting: 64 }

/** Work that is done when the test says so. */
class Works {
  readonly turns = new HashQueue(LIMITS)
  readonly begun: string[] = []
  readonly refused: string[] = []
  readonly done: string[] = []
  private readonly running: (() => void)[] = []

  add(network: string, name = network): void {
    const work = (): Promise<void> => {
      this.begun.push(name)
      return new Promise(resolve => this.running.push(resolve))
    }
    this.turns.run(network, work).then(
      () => this.done.push(name),
      error => {
        expect(error).toMatchObject({ code: 'too_much', retryAfter: 1 })
        this.refused.push(name)
      },
    )
  }

  /** Ends the work that has run the longest; what follows from it has happened then. */
  async finish(): Promise<void> {
    this.running.shift()?.()
    await settled()
  }
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('turns', () => {
  it('are two at once, 64 waiting, and too much beyond', async () => {
    const works = new Works()
    for (let i = 0; i < 70; i++) works.add('a', `${i}`)
    await settled()
    expect(works.begun).toEqual(['0', '1'])
    expect(works.turns).toMatchObject({ running: 2, waiting: 64, refused: 4 })
    expect(works.refused).toEqual(['66', '67', '68', '69'])
    for (let i = 0; i < 66; i++) await works.finish()
    expect(works.done).toEqual(Array.from({ length: 66 }, (_, i) => `${i}`))
    expect(works.turns).toMatchObject({ running: 0, waiting: 0, refused: 4 })
  })

  it('come to who has just arrived before the second of who sent many', async () => {
    const works = new Works()
    for (let i = 0; i < 1000; i++) works.add('flood', `${i}`)
    works.add('honest')
    await works.finish()
    await works.finish()
    expect(works.begun).toEqual(['0', '1', '2', 'honest'])
    expect(works.turns.waiting).toBe(62)
  })

  it('are taken from who has the most by who has fewer, the newest first, but by no one who has as many', async () => {
    const works = new Works()
    for (let i = 0; i < 66; i++) works.add('a', `a${i}`)
    for (let i = 0; i < 40; i++) works.add('b', `b${i}`)
    await settled()
    expect(works.refused.filter(name => name.startsWith('a'))).toEqual(Array.from({ length: 32 }, (_, i) => `a${65 - i}`))
    expect(works.refused.filter(name => name.startsWith('b'))).toEqual(Array.from({ length: 8 }, (_, i) => `b${32 + i}`))
  })

  it('go on when work fails, before its first wait or after', async () => {
    const turns = new HashQueue({ running: 1, waiting: 2 })
    const all = await Promise.allSettled([
      turns.run('a', () => {
        throw new Error('at once')
      }),
      turns.run('a', () => Promise.reject(new Error('later'))),
      turns.run('a', async () => 'done'),
    ])
    expect(all.map(one => (one.status === 'fulfilled' ? one.value : one.reason.message))).toEqual(['at once', 'later', 'done'])
    expect(turns).toMatchObject({ running: 0, waiting: 0 })
  })

  it('keep within their bounds, lose nothing and do nothing twice, in whatever order they come', async () => {
    const step = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c') }, { weight: 1, arbitrary: fc.constant('finish') })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 300 }), async steps => {
        const works = new Works()
        let added = 0
        for (const one of steps) {
          if (one === 'finish') await works.finish()
          else works.add(one, `${added++}`)
          expect(works.turns.running).toBeLessThanOrEqual(2)
          expect(works.turns.waiting).toBeLessThanOrEqual(64)
        }
        while (works.turns.running > 0) await works.finish()
        const ends = [...works.done, ...works.refused]
        expect(new Set(ends).size).toBe(ends.length)
        expect(ends).toHaveLength(added)
        expect(works.refused).toHaveLength(works.turns.refused)
        expect([...works.begun].sort()).toEqual([...works.done].sort())
      }),
      { numRuns: 40 },
    )
  })
})
