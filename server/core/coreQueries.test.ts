import { Subject } from 'rxjs'
import { expect, it } from 'vitest'
import { poolSpec, token } from '../../streams/test/chain.ts'
import { Driven, NOON } from '../../streams/test/drive.ts'
import { coreQueries } from './coreQueries.ts'

const driven = () => {
  const spec = { id: 'B', kind: 'orderbook', symbol: 'BTC-USD', token0: token('USD', 2), token1: token('BTC', 8) } as const
  const p = new Driven({ pools: [poolSpec(spec)] })
  const frames$ = new Subject<void>()
  const say = (t: number, price: number): void => {
    const levels = { bids: [[price - 1, 1] as const], asks: [[price + 1, 1] as const] }
    p.send({ kind: 'levels', feed: 0, symbol: p.symbols.index('BTC-USD'), source: 0, t, levels })
  }
  const clock = (t: number): void => {
    p.clock(t)
    frames$.next()
  }
  return { say, clock, depthOf: coreQueries(p.pipeline.view, frames$).depth }
}

it('is as of the last frame where none is open', async () => {
  const { say, clock, depthOf } = driven()
  say(NOON, 100)
  clock(NOON)
  expect(await depthOf('B', [0.02, 0.005])).toEqual({ t: NOON, price: 100, depth: [{ bid: 99, ask: 100 }, expect.anything()] })
})

it('waits for the end of a frame that is open, and knows nothing of the next one', async () => {
  const { say, clock, depthOf } = driven()
  say(NOON, 100)
  clock(NOON)
  say(NOON + 20, 200)
  const asked = depthOf('B', [0.02])
  clock(NOON + 20)
  say(NOON + 40, 300)
  expect(await asked).toEqual({ t: NOON + 20, price: 200, depth: [{ bid: 199, ask: 200 }] })
})

it('is nothing where there is no such pool', async () => {
  expect(await driven().depthOf('C', [0.02])).toBeUndefined()
})
