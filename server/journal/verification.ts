import { lastFollowing, linksOf } from './block.ts'
import { type Blocks, START, unfollowing } from './blocks.ts'
import type { Verified } from './journal.ts'
import { JournalError } from './journalError.ts'
import { keysOf } from './opening.ts'

/** Follows a journal's chain from the first entry to the one numbered `to`, a block a step. Throws JournalError at the first that does not follow. */
export function* verification(blocks: Blocks, to: number, file: string): Generator<Verified, void> {
  let { seq, hash } = START
  for (const block of blocks.after(0)) {
    if (block.seq > to) break
    const last = block.first === seq + 1 ? lastFollowing(block, hash) : seq
    if (last !== block.seq) throw unfollowing(file, last + 1)
    if (keysOf(file, block) !== blocks.keys(block.seq))
      throw new JournalError(
        `${file}: found other keys beside entry ${block.seq} than in it, expected its own; start the server again to have them written again`,
      )
    seq = block.seq
    hash = block.hash
    yield { seq, entries: linksOf(block, block.first - 1) }
  }
  if (seq !== to) throw unfollowing(file, seq + 1)
}
