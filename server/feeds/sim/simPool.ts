import { SWAP_V2, SYNC_V2 } from '../../../streams/pools/abi.ts'
import type { ChainLog } from '../../../streams/pools/chainLog.ts'
import type { PoolSpec } from '../../../streams/pools/spec.ts'
import { amountOut } from '../../../streams/pools/uniswapV2.ts'
import type { SeededRandom } from '../../lib/seededRandom.ts'

/** The worth of each side of a simulated pool at its start, in the quote currency. */
const SIDE_WORTH = 20_000_000
const SWAPS_A_SECOND = 2
/** Beyond this distance from the market a trader brings the pool back. */
const ARBITRAGE = 0.003
const BLOCK_MS = 12_000

const word = (value: bigint): string => value.toString(16).padStart(64, '0')

/** A constant-product pool whose every swap leaves the two logs that the contract would. */
export class SimPool {
  private readonly spec: PoolSpec
  private readonly random: SeededRandom
  private readonly stepMs: number
  private reserves: [bigint, bigint] = [0n, 0n]
  private block = 0
  private index = 0

  constructor(spec: PoolSpec, random: SeededRandom, stepMs: number) {
    this.spec = spec
    this.random = random
    this.stepMs = stepMs
  }

  /** The swaps of one step, at the prices of the tokens in the quote currency. */
  step(t: number, price0: number, price1: number): ChainLog[] {
    const scale0 = 10 ** this.spec.token0!.decimals
    const scale1 = 10 ** this.spec.token1!.decimals
    if (this.reserves[0] === 0n) {
      this.reserves = [BigInt(Math.round((SIDE_WORTH / price0) * scale0)), BigInt(Math.round((SIDE_WORTH / price1) * scale1))]
      return [this.sync(t)]
    }
    const ratio = Number(this.reserves[0]) / scale0 / (Number(this.reserves[1]) / scale1) / (price1 / price0)
    if (Math.abs(ratio - 1) > ARBITRAGE) {
      // To halve the distance the scarcer side gives up a quarter of it.
      const side = ratio > 1 ? 1 : 0
      return this.swap(t, side, BigInt(Math.round(Number(this.reserves[side]) * Math.abs(ratio - 1) * 0.25)))
    }
    if (this.random.uniform() >= (SWAPS_A_SECOND * this.stepMs) / 1000) return []
    const worth = Math.exp(7 + 1.5 * this.random.normal())
    const side = this.random.uniform() < 0.5 ? 0 : 1
    return this.swap(t, side, BigInt(Math.round(side === 0 ? (worth / price0) * scale0 : (worth / price1) * scale1)))
  }

  private swap(t: number, side: 0 | 1, amountIn: bigint): ChainLog[] {
    const out = amountOut(amountIn, this.reserves[side], this.reserves[1 - side]!)
    if (amountIn <= 0n || out <= 0n) return []
    this.reserves[side] += amountIn
    this.reserves[1 - side]! -= out
    const ins: [bigint, bigint] = side === 0 ? [amountIn, 0n] : [0n, amountIn]
    const outs: [bigint, bigint] = side === 0 ? [0n, out] : [out, 0n]
    return [this.sync(t), this.log(t, SWAP_V2, [...ins, ...outs])]
  }

  private sync(t: number): ChainLog {
    return this.log(t, SYNC_V2, this.reserves)
  }

  private log(t: number, topic: string, words: readonly bigint[]): ChainLog {
    const block = Math.floor(t / BLOCK_MS)
    if (block !== this.block) this.index = 0
    this.block = block
    return { t, block, index: this.index++, address: this.spec.address, topics: [topic], data: `0x${words.map(word).join('')}` }
  }
}
