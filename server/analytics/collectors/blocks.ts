import { z } from 'zod'
import { Distinct } from './distinct.ts'
import { hex, type JsonRpc, quantity, whole } from './jsonRpc.ts'
import { SourceError } from './sourceError.ts'

/** Blocks of one answer, as the specification bounds them. */
const HISTORY_MAX = 1_024
/** Blocks that are asked for at once. */
const AT_ONCE = 8

const HISTORY = z.object({
  oldestBlock: whole,
  baseFeePerGas: z.array(quantity).nullish(),
  gasUsedRatio: z.array(z.number().min(0).max(1)).min(1),
})
const ADDRESS = z.string().regex(/^0x[0-9a-f]{40}$/i)
const FULL_BLOCK = z.object({ transactions: z.array(z.object({ from: ADDRESS, to: ADDRESS.nullish() })) })

/** What the headers of blocks say. */
export interface BlockFees {
  readonly blocks: number
  /** Mean base fee, wei; undefined if the chain has none: then it has not said what gas costs. */
  readonly gasPrice: number | undefined
  /** Mean share of its gas that a block used. */
  readonly utilisation: number
}

/** Returns what blocks `first` to `last` cost and how full they were, by `eth_feeHistory`. */
export const feesIn = async (rpc: JsonRpc, first: number, last: number, signal: AbortSignal): Promise<BlockFees> => {
  let fees = 0n
  let used = 0
  let span = HISTORY_MAX
  for (let next = first; next <= last; ) {
    const count = Math.min(span, last - next + 1)
    const newest = next + count - 1
    const found = await rpc.call('eth_feeHistory', [hex(count), hex(newest), []], HISTORY, signal)
    const ratios = found.gasUsedRatio
    // A node may give fewer than were asked for, the newest of them.
    if (found.oldestBlock !== next || ratios.length !== count) {
      if (ratios.length >= span || found.oldestBlock + ratios.length - 1 !== newest)
        throw new SourceError(`eth_feeHistory: found blocks from ${found.oldestBlock} on, expected them from ${next} on`, undefined)
      span = ratios.length
      continue
    }
    // One more than there are blocks: that of the next.
    fees = (found.baseFeePerGas ?? []).slice(0, count).reduce((sum, fee) => sum + fee, fees)
    used = ratios.reduce((sum, ratio) => sum + ratio, used)
    next = newest + 1
  }
  const blocks = last - first + 1
  return { blocks, gasPrice: fees === 0n ? undefined : Number(fees) / blocks, utilisation: used / blocks }
}

/** What the transactions of blocks say. */
export interface BlockAddresses {
  readonly transactions: number
  /** Distinct senders, and distinct receivers; new contracts have none. */
  readonly activeAddresses: number
  readonly receivers: number
}

/** Returns what blocks `first` to `last` hold, each read with its transactions. */
export const addressesIn = async (rpc: JsonRpc, first: number, last: number, signal: AbortSignal): Promise<BlockAddresses> => {
  const [senders, receivers] = [new Distinct(), new Distinct()]
  let transactions = 0
  for (let next = first; next <= last; next += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, last - next + 1) }, (_, i) => next + i)
    const blocks = await Promise.all(numbers.map(number => rpc.call('eth_getBlockByNumber', [hex(number), true], FULL_BLOCK, signal)))
    for (const block of blocks)
      for (const { from, to } of block.transactions) {
        transactions += 1
        senders.add(from.toLowerCase())
        if (to) receivers.add(to.toLowerCase())
      }
  }
  return { transactions, activeAddresses: senders.count, receivers: receivers.count }
}
