import { z } from 'zod'
import type { Mutable } from '../lib/mutable.ts'
import type { Depth } from '../market/levels.ts'
import type { PoolRow } from '../measures/rows.ts'
import { SWAP_V2, SWAP_VELODROME, SYNC_SOLIDLY, SYNC_V2, unsigned, wordsOf } from './abi.ts'
import type { ChainLog } from './chainLog.ts'
import type { LogReading, NoOutcome, PoolState, SwapOutcome, SwapWish } from './poolState.ts'
import type { ReserveDelta } from './rollingVolume.ts'

type Reserves = readonly [bigint, bigint]

/** All of an amount, in hundredths of a basis point. */
const PIPS = 1_000_000n
/** What Uniswap v2 itself takes. */
const FEE_PIPS = 3_000
/** What a pair has room for: uint112. */
const RESERVE_MAX = 2n ** 112n - 1n

/** A pair after one of its logs. */
interface PairSnapshot {
  readonly reserves: Reserves
  /** The newest Sync, if it is of a pair whose curve is not known, and the reserves before it. */
  readonly sync?: { readonly block: number; readonly index: number; readonly before: Reserves | undefined }
  /** A swap has shown that the curve is not x·y = k: the reserves give no price. */
  readonly otherCurve?: true
}

const whole = z.string().regex(/^\d+$/).transform(BigInt)
const saved = z.strictObject({ reserves: z.tuple([whole, whole]).optional(), otherCurve: z.literal(true).optional() })

/**
 * A constant-product pair: `Sync(reserve0, reserve1)` gives its reserves whole after each change. The pairs of Solidly and its descendants
 * are of two curves that no log names; a swap after which the product of the reserves is smaller shows that it is the other one.
 */
export class UniswapV2 implements PoolState {
  snapshot: PairSnapshot | undefined

  get reserves(): Reserves | undefined {
    return this.snapshot?.reserves
  }

  get price(): number {
    if (this.snapshot === undefined || this.snapshot.otherCurve) return Number.NaN
    const [reserve0, reserve1] = this.snapshot.reserves
    return reserve0 && reserve1 ? Number(reserve0) / Number(reserve1) : Number.NaN
  }

  apply(log: ChainLog): ReserveDelta | undefined {
    const { snapshot } = this
    switch (log.topics[0]) {
      case SYNC_V2:
        this.snapshot = { reserves: [unsigned(log.data, 0, 112), unsigned(log.data, 1, 112)] }
        return undefined
      case SYNC_SOLIDLY: {
        const reserves = [unsigned(log.data, 0), unsigned(log.data, 1)] as const
        const { block, index } = log
        const otherCurve = snapshot?.otherCurve && { otherCurve: snapshot.otherCurve }
        this.snapshot = { reserves, sync: { block, index, before: snapshot?.reserves }, ...otherCurve }
        return undefined
      }
    }
    const { swap } = uniswapV2Reading(log)
    if (swap && snapshot?.sync) this.checkCurve(log, snapshot, snapshot.sync)
    return swap
  }

  revert(_log: ChainLog, before: PairSnapshot | undefined): void {
    this.snapshot = before
  }

  forget(): void {
    this.snapshot = undefined
  }

  depth(fraction: number): Depth | undefined {
    if (this.snapshot === undefined || this.snapshot.otherCurve) return undefined
    const [reserve0, reserve1] = this.snapshot.reserves
    // By x·y = k the price x/y rises by f when y falls by 1 − 1/√(1 + f), and falls by f when x falls by 1 − √(1 − f).
    return { bid: Number(reserve0) * (1 - Math.sqrt(1 - fraction)), ask: Number(reserve1) * (1 - 1 / Math.sqrt(1 + fraction)) }
  }

  outcome({ zeroForOne, amount }: SwapWish, feePips: number): SwapOutcome | NoOutcome {
    if (this.snapshot === undefined || this.snapshot.otherCurve || Number.isNaN(feePips)) return 'unknown'
    const [reserve0, reserve1] = this.snapshot.reserves
    const [reserveIn, reserveOut] = zeroForOne ? [reserve0, reserve1] : [reserve1, reserve0]
    const paid = amount > 0n ? amount : amountIn(-amount, reserveIn, reserveOut, feePips)
    if (paid === undefined || reserveOut === 0n || reserveIn === 0n || reserveIn + paid > RESERVE_MAX) return 'beyond'
    const got = amount > 0n ? amountOut(paid, reserveIn, reserveOut, feePips) : -amount
    if (got === 0n) return 'nothing'
    const [left, given] = [Number(reserveIn + paid), Number(reserveOut - got)]
    return {
      amountIn: paid,
      amountOut: got,
      fee: (paid * BigInt(feePips)) / PIPS,
      feeOf: 'in',
      priceAfter: zeroForOne ? left / given : given / left,
    }
  }

  describe(figures: Mutable<PoolRow>): void {
    figures.partial = this.snapshot === undefined || this.snapshot.otherCurve === true
  }

  save(): unknown {
    const { reserves, otherCurve } = this.snapshot ?? {}
    return { reserves: reserves?.map(String), otherCurve }
  }

  load(state: unknown): void {
    const { reserves, otherCurve } = saved.parse(state)
    this.snapshot = reserves && { reserves, ...(otherCurve && { otherCurve }) }
  }

  /** Notes if a swap, whose Sync came just before it, has made the product of the reserves smaller: no fee does that if x·y = k. */
  private checkCurve({ block, index }: ChainLog, snapshot: PairSnapshot, { before, ...sync }: NonNullable<PairSnapshot['sync']>): void {
    if (before === undefined || sync.block !== block || sync.index !== index - 1) return
    const [reserve0, reserve1] = snapshot.reserves
    if (reserve0 * reserve1 < before[0] * before[1]) this.snapshot = { ...snapshot, otherCurve: true }
  }
}

/** Words of a log that may be a swap: two amounts in and two out. */
const SWAP_WORDS = 4

/** Reads a log of a pair; the Sync of a swap comes just before it. Throws as `unsigned` does. */
export const uniswapV2Reading = ({ topics, data }: ChainLog): LogReading => {
  switch (topics[0]) {
    case SWAP_V2:
    // Swap(sender, uint amount0In, uint amount1In, uint amount0Out, uint amount1Out, to)
    case SWAP_VELODROME:
      return swapReading(unsigned(data, 0), unsigned(data, 1), unsigned(data, 2), unsigned(data, 3))
    case SYNC_V2:
    case SYNC_SOLIDLY:
      return {}
  }
  if (wordsOf(data) >= SWAP_WORDS) return { unread: 'swap' }
  // Nothing but two amounts and nobody's address: a Sync.
  return wordsOf(data) === 2 && topics.length === 1 ? { unread: 'state' } : {}
}

/** If nothing leaves on the whole, a token was lent, and more of it came back. */
const swapReading = (in0: bigint, in1: bigint, out0: bigint, out1: bigint): LogReading => {
  const net = { amount0: in0 - out0, amount1: in1 - out1 }
  if (out0 + out1 > 0n && net.amount0 >= 0n && net.amount1 >= 0n) return { paid: net }
  const lent = { amount0: in0 < out0 ? in0 : out0, amount1: in1 < out1 ? in1 : out1 }
  return lent.amount0 + lent.amount1 > 0n ? { swap: net, lent } : { swap: net }
}

/**
 * Returns what `amountIn` buys, raw; 0 if a reserve is empty. The fee of the input stays in the pool: `getAmountOut` of
 * UniswapV2Library.sol, where it is 0.3 %.
 */
export const amountOut = (amountIn: bigint, reserveIn: bigint, reserveOut: bigint, feePips = FEE_PIPS): bigint => {
  if (reserveIn <= 0n || reserveOut <= 0n) return 0n
  const paid = amountIn * (PIPS - BigInt(feePips))
  return (paid * reserveOut) / (reserveIn * PIPS + paid)
}

/** Returns the least that buys `amountOut`, raw; undefined if the pool cannot give it: `getAmountIn` of UniswapV2Library.sol. */
export const amountIn = (amountOut: bigint, reserveIn: bigint, reserveOut: bigint, feePips = FEE_PIPS): bigint | undefined => {
  const share = PIPS - BigInt(feePips)
  if (reserveIn <= 0n || amountOut <= 0n || amountOut >= reserveOut || share === 0n) return undefined
  return (reserveIn * amountOut * PIPS) / ((reserveOut - amountOut) * share) + 1n
}
