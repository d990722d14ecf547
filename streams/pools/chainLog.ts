import type { BadCounts } from '../market/ticks.ts'

/** One event log of an EVM chain, as `eth_getLogs` returns it, but for the time. */
export interface ChainLog {
  /** ms; the time of the block. */
  readonly t: number
  readonly block: number
  /** The log's index in the block. */
  readonly index: number
  /** Of the contract; '' in a file that has the logs of one pool only. */
  readonly address: string
  readonly topics: readonly string[]
  /** Hex, "0x" in front. */
  readonly data: string
  /** The block it stood in has been reorganised away. */
  readonly removed?: boolean
  /** Stands for all logs of the contract in this block: there are some, and the node does not give them. */
  readonly lost?: true
}

/** Logs of one feed, in the order of the chain. */
export interface ChainEvents {
  readonly kind: 'chain'
  readonly feed: number
  readonly logs: readonly ChainLog[]
  /** Messages they were read from. */
  readonly messages: number
  readonly bad: BadCounts
  /** A feed that follows a chain says of whom: what its pools show rests on it also if they have no logs. Lower case. */
  readonly addresses?: readonly string[]
  /** What pools' contracts say of their tokens. */
  readonly tokens?: readonly ContractTokens[]
}

/** The tokens of a pool as its contract names them. */
export interface ContractTokens {
  /** Of the pool, lower case. */
  readonly address: string
  readonly token0: NamedToken
  readonly token1: NamedToken
}

/** A token as its contract names it. */
export interface NamedToken {
  readonly symbol: string
  readonly decimals: number
}
