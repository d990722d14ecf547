import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChainLog } from '../../../streams/pools/chainLog.ts'
import { Chain, type ChainBlock } from '../../test/evmChain.ts'
import { type Blocks, Follower, KEPT, type Step } from './follower.ts'
import type { Header } from './node.ts'

const ADDRESS = '0x00000000000000000000000000000000000000aa'
const FIRST = 1_000
const SPRING = Date.UTC(2024, 3) / 1000

const headerOf = ({ number, hash, parent, t }: ChainBlock): Header => ({ number, hash, parent, t: t * 1000 })

/** A node that lies on this chain, and can be made to move it, or to fail, at any question. */
class Beside implements Blocks {
  readonly chain: Chain
  beforeAnswer: () => void = () => {}

  constructor(chain: Chain) {
    this.chain = chain
  }

  async newest(): Promise<Header> {
    this.beforeAnswer()
    return headerOf(this.chain.head)
  }

  async header(number: number): Promise<Header | undefined> {
    this.beforeAnswer()
    const block = this.chain.at(number)
    return block && headerOf(block)
  }

  logsIn({ number, hash }: Header) {
    return this.found(block => block.hash === hash && block.number === number)
  }

  logsFrom(from: number, to: number) {
    return this.found(({ number }) => number >= from && number <= to)
  }

  private async found(wanted: (block: ChainBlock) => boolean) {
    this.beforeAnswer()
    const logs = this.chain.blocks
      .filter(wanted)
      .flatMap(({ number, hash, logs }) => logs.map(log => ({ ...log, block: number, hash, t: Number.NaN })))
    return { logs, unreadable: 0 }
  }
}

let saidBefore = 0
/** Blocks of logs, no two of which say the same. */
const grow = (chain: Chain, counts: readonly number[]): void => {
  for (const count of counts)
    chain.add(
      SPRING + 12 * chain.blocks.length,
      Array.from({ length: count }, (_, index) => ({
        index,
        address: ADDRESS,
        topics: ['0x01'],
        data: `0x${(saidBefore++).toString(16).padStart(64, '0')}`,
      })),
    )
}

/** The newest block becomes another at every question. */
const replacing = (node: Beside) => () => {
  node.chain.cut(1)
  grow(node.chain, [1])
}

/** What stands by what a follower told; a log that is taken back must stand, and one that comes must be the next. */
class Listener {
  readonly standing: ChainLog[] = []
  deeper = 0

  take({ logs, deeper }: Step): void {
    if (deeper !== undefined) this.deeper += 1
    for (const { removed, ...log } of logs) {
      if (removed) expect(this.standing.pop()).toEqual(log)
      else {
        const newest = this.standing.at(-1)
        if (newest) expect(log.block > newest.block || (log.block === newest.block && log.index > newest.index)).toBe(true)
        this.standing.push(log)
      }
    }
  }
}

const all = async (follower: Follower, node: Blocks, listener: Listener): Promise<void> => {
  for await (const step of follower.catchUp(node)) listener.take(step)
}

const happenings = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ grow: fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ grow: fc.array(fc.nat(1), { minLength: KEPT + 1, maxLength: KEPT + 20 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        reorganise: fc.integer({ min: 1, max: 20 }),
        by: fc.array(fc.nat(2), { minLength: 1, maxLength: 24 }),
        told: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ failAt: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 1, arbitrary: fc.record({ moveAt: fc.integer({ min: 1, max: 6 }), depth: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 4, arbitrary: fc.constant('catch up' as const) },
  ),
  { maxLength: 30 },
)

describe('a follower of a chain', () => {
  it('has the logs of the chain as it is now, whatever was reorganised, lost or moved meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async list => {
        const chain = new Chain(FIRST)
        grow(chain, [1, 2, 0])
        const node = new Beside(chain)
        const follower = new Follower([ADDRESS], FIRST)
        const listener = new Listener()
        for (const happens of list) {
          if (happens === 'catch up') await all(follower, node, listener)
          else if ('grow' in happens) grow(chain, happens.grow)
          else if ('reorganise' in happens) {
            const gone = chain.cut(Math.min(happens.reorganise, chain.blocks.length - 1))
            grow(chain, happens.by)
            if (happens.told && gone[0]) follower.removed(gone[0].hash)
          } else {
            let n = 'failAt' in happens ? happens.failAt : happens.moveAt
            node.beforeAnswer = () => {
              n -= 1
              if (n > 0) return
              node.beforeAnswer = () => {}
              if ('failAt' in happens) throw new Error('the line is cut')
              chain.cut(Math.min(happens.depth, chain.blocks.length - 1))
              grow(chain, [1, 1, 1, 1])
            }
            await all(follower, node, listener).catch(error => expect(error.message).toBe('the line is cut'))
            node.beforeAnswer = () => {}
          }
        }
        // A shorter fork shows when it has a block more.
        grow(chain, Array(25).fill(1))
        await all(follower, node, listener)
        expect(listener.standing).toEqual(chain.logs)
        expect(listener.deeper).toBe(0)
      }),
      { numRuns: 150 },
    )
  })

  it('reads again what it kept, and says so, where the chain is taken back farther', async () => {
    const chain = new Chain(FIRST)
    grow(chain, Array(200).fill(1))
    const node = new Beside(chain)
    const follower = new Follower([ADDRESS], FIRST)
    const before: Step[] = []
    for await (const step of follower.catchUp(node)) before.push(step)
    chain.cut(KEPT + 10)
    grow(chain, Array(KEPT + 12).fill(1))

    const steps: Step[] = []
    for await (const step of follower.catchUp(node)) steps.push(step)
    expect(steps[0]).toMatchObject({ bad: { gap: 1 }, deeper: FIRST + 200 - KEPT })
    expect(steps[0]!.logs.filter(log => log.removed)).toHaveLength(KEPT)
    expect(steps.slice(1).flatMap(step => step.logs)).toEqual(chain.logs.filter(log => log.block >= FIRST + 200 - KEPT))
  })

  it('begins with the newest block where no other is asked for', async () => {
    const chain = new Chain(FIRST)
    grow(chain, [1, 1, 1])
    const listener = new Listener()
    await all(new Follower([ADDRESS], undefined), new Beside(chain), listener)
    expect(listener.standing.map(log => log.block)).toEqual([FIRST + 2])
  })

  it('believes nothing of a node that is behind, and goes on when it has come up', async () => {
    const chain = new Chain(FIRST)
    grow(chain, [1, 1, 1, 1])
    const follower = new Follower([ADDRESS], FIRST)
    const listener = new Listener()
    await all(follower, new Beside(chain), listener)
    const behind = new Chain(FIRST)
    behind.blocks.push(...chain.blocks.slice(0, 2))
    await all(follower, new Beside(behind), listener)
    expect(listener.standing).toEqual(chain.logs)
    grow(chain, [1])
    await all(follower, new Beside(chain), listener)
    expect(listener.standing).toEqual(chain.logs)
  })

  it.each([
    ['of a chain that never rests', replacing, /moved under each/],
    ['of a node that is far behind', (node: Beside) => () => void node.chain.blocks.splice(1), /behind what was read/],
  ])('gives up for now %s', async (_, moves, why) => {
    const chain = new Chain(FIRST)
    grow(chain, Array(KEPT * 2).fill(0))
    const node = new Beside(chain)
    const follower = new Follower([ADDRESS], FIRST)
    await all(follower, node, new Listener())
    grow(chain, [1, 1, 1])
    node.beforeAnswer = moves(node)
    await expect(all(follower, node, new Listener())).rejects.toThrow(why)
  })
})
