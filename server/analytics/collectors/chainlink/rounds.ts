import { z } from 'zod'
import { bytes, whole } from '../jsonRpc.ts'

/** A round of a feed. */
export interface Round {
  /** As the proxy counts: the phase in the bits from the 65th on, the aggregator's own count below. */
  readonly id: bigint
  readonly answer: bigint
  /** ms. */
  readonly updatedAt: number
}

/** keccak256("AnswerUpdated(int256,uint256,uint256)") */
export const ANSWER_UPDATED = '0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f'
/** keccak256("AggregatorConfirmed(address,address)"): from here on the proxy asks another aggregator. */
export const AGGREGATOR_CONFIRMED = '0x33745f67a407dcb785417f9c123dd3641479a102674b6e35c1f10975625b90e9'

const WORD = z.string().regex(/^0x[0-9a-f]{64}$/i)

/** The form of an event. */
export const LOG = z.object({ blockNumber: whole, address: bytes, topics: z.array(WORD).min(1), data: bytes })

/** An event as a node gives it. */
export type Log = z.output<typeof LOG>

const PHASE_BITS = 64n

/** Returns a round's number as the proxy counts, of the phase and the aggregator's own number. */
export const roundId = (phase: bigint, own: bigint): bigint => (phase << PHASE_BITS) | own

/** Returns the phase of a round, and the number that its aggregator gave it. */
export const phaseOf = (id: bigint): { readonly phase: bigint; readonly own: bigint } => ({
  phase: id >> PHASE_BITS,
  own: BigInt.asUintN(Number(PHASE_BITS), id),
})

/** Returns the round of an event of an aggregator in a phase; undefined if it is another event. */
export const roundOf = ({ topics: [topic, answer, own], data }: Log, phase: bigint): Round | undefined => {
  if (topic !== ANSWER_UPDATED || answer === undefined || own === undefined || data.length !== 66) return undefined
  return { id: roundId(phase, BigInt(own)), answer: BigInt.asIntN(256, BigInt(answer)), updatedAt: Number(BigInt(data)) * 1000 }
}

/** Returns the round of an answer of `latestRoundData()`; undefined if the answer is none, or of a round that has not ended. */
export const roundOfCall = (data: string): Round | undefined => {
  // roundId, answer, startedAt, updatedAt, answeredInRound, which is obsolete.
  if (data.length < 2 + 5 * 64) return undefined
  const [id, answer, , updatedAt] = Array.from({ length: 5 }, (_, i) => BigInt(`0x${data.slice(2 + i * 64, 66 + i * 64)}`))
  return updatedAt === 0n ? undefined : { id: id!, answer: BigInt.asIntN(256, answer!), updatedAt: Number(updatedAt) * 1000 }
}

/** What a feed promises, and between which answers an aggregator can say how much. */
export interface FeedTerms {
  readonly heartbeatMs: number
  readonly least: bigint
  readonly most: bigint
}

/** ms that an update may take on its way into a block. */
const ON_CHAIN_MS = 40_000

/**
 * Returns whether a round says what the price is at `t` (ms): it is not older than the heartbeat, above zero, and not at one of the ends at which an
 * aggregator is clamped.
 */
export const isPriceAt = ({ answer, updatedAt }: Round, t: number, { heartbeatMs, least, most }: FeedTerms): boolean =>
  t - updatedAt <= heartbeatMs + ON_CHAIN_MS && answer > 0n && answer > least && answer < most

/** Returns an answer as a number. */
export const priceOf = ({ answer }: Round, decimals: number): number => Number(`${answer}e-${decimals}`)
