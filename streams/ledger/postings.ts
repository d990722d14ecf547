import { formatDecimal } from '../lib/decimal.ts'
import type { Balances } from './accounts.ts'
import type { Move } from './command.ts'
import type { Entry, Posting } from './entry.ts'

type Balance = Pick<Balances, 'balance'>

/** Returns two postings a move, each with the balance after it, which counts the postings before it. */
export const postingsOf = (moves: readonly Move[], balances: Balance): Posting[] => {
  const postings: Posting[] = []
  for (const { from, to, asset, amount } of moves) {
    if (amount === 0n) continue
    const given = balanceBefore(postings, postings.length, from, asset, balances) - amount
    postings.push({ account: from, asset, amount: -amount, after: given })
    const got = balanceBefore(postings, postings.length, to, asset, balances) + amount
    postings.push({ account: to, asset, amount, after: got })
  }
  return postings
}

/** Throws RangeError if a balance does not follow from the balances before, or if the amounts of an asset do not sum to zero. */
export const checkPostings = ({ seq, postings }: Entry, balances: Balance): void => {
  let unmatched = false
  for (let i = 0; i < postings.length; i++) {
    const { account, asset, amount, after } = postings[i]!
    const expected = balanceBefore(postings, i, account, asset, balances) + amount
    if (expected !== after)
      throw new RangeError(`entry ${seq}: found ${formatDecimal(after)} ${asset} in ${account}, expected ${formatDecimal(expected)}`)
    // They come in pairs; only if one does not, all are added up.
    const pair = postings[i ^ 1]
    unmatched ||= pair?.asset !== asset || pair.amount + amount !== 0n
  }
  if (unmatched) checkSums(seq, postings)
}

/** Returns the balance that the posting at a place meets. */
const balanceBefore = (postings: readonly Posting[], place: number, account: string, asset: string, balances: Balance): bigint => {
  for (let i = place - 1; i >= 0; i--) {
    const posting = postings[i]!
    if (posting.account === account && posting.asset === asset) return posting.after
  }
  return balances.balance(account, asset)
}

const checkSums = (seq: number, postings: readonly Posting[]): void => {
  const sums = new Map<string, bigint>()
  for (const { asset, amount } of postings) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  for (const [asset, sum] of sums)
    if (sum !== 0n) throw new RangeError(`entry ${seq}: found a sum of ${formatDecimal(sum)} ${asset}, expected 0`)
}
