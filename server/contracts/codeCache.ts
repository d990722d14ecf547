import { keccak256 } from 'viem'
import { CODE_MAX } from '../../streams/contracts/bytecode.ts'
import { type CodeFacts, computingFacts } from '../../streams/contracts/codeFacts.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { yieldTurn } from '../lib/yieldTurn.ts'

/** Codes whose facts are kept: some kilobytes each. */
const KEPT_MAX = 1_000

/** Knows what code says, by its hash: many contracts have the same one, and a code never changes. */
export class CodeCache {
  /** Codes that were run, and those that were known. */
  readonly figures = { computed: 0, known: 0 }
  private readonly kept = new Map<string, CodeFacts>()

  /** Computes what code says, in turns, unless it is known. Rejects with `invalid_params` for code that is too long. */
  async factsOf(hex: string): Promise<{ hash: string; facts: CodeFacts }> {
    const size = hex.length / 2 - 1
    if (size > CODE_MAX)
      throw new ProtocolError('invalid_params', `address: found a contract of ${size} bytes, expected at most ${CODE_MAX}`)
    const hash = keccak256(hex as `0x${string}`)
    const kept = this.kept.get(hash)
    if (kept !== undefined) {
      this.figures.known += 1
      // The one that was asked for last goes last.
      this.keep(hash, kept)
      return { hash, facts: kept }
    }
    const facts = await inTurns(computingFacts(hex))
    this.figures.computed += 1
    this.keep(hash, facts)
    return { hash, facts }
  }

  private keep(hash: string, facts: CodeFacts): void {
    this.kept.delete(hash)
    this.kept.set(hash, facts)
    if (this.kept.size > KEPT_MAX) this.kept.delete(this.kept.keys().next().value!)
  }
}

const inTurns = async <T>(work: Generator<void, T>): Promise<T> => {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    await yieldTurn()
  }
}
