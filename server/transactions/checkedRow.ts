import { AHEAD_MS_MAX } from '../../streams/market/ticks.ts'
import { BadRow, type Transaction } from '../../streams/pnl/transaction.ts'
import { AMOUNT_MAX, KEY, KEY_FORM } from '../../streams/wire/limits.ts'

/** Characters of an account's name. */
const ACCOUNT_LENGTH_MAX = 256
/** Characters that say why a row is refused: a row may hold anything. */
const WHY_LENGTH_MAX = 200

/** Returns the row if a portfolio can hold it. Throws BadRow if it is too large, or ahead of `now` (ms). */
export const checkedRow = (tx: Transaction, now = Date.now()): Transaction => {
  if (tx.t > now + AHEAD_MS_MAX) throw new BadRow(`t: found ${new Date(tx.t).toISOString()}, expected a time that is not ahead of now`)
  for (const name of ['qty', 'price', 'fee', 'cost'] as const) {
    const amount = tx[name] ?? 0n
    if (amount >= AMOUNT_MAX || -amount >= AMOUNT_MAX) throw new BadRow(`${name}: expected less than 10^30`)
  }
  for (const name of ['account', 'toAccount'] as const)
    if (tx[name].length > ACCOUNT_LENGTH_MAX) throw new BadRow(`${name}: expected at most ${ACCOUNT_LENGTH_MAX} characters`)
  if (tx.id !== '' && !KEY.test(tx.id)) throw new BadRow(`id: expected ${KEY_FORM}`)
  return tx
}

/** Returns why a row is refused, in one line. Throws an error that is no fault of the row. */
export const whyBad = (error: unknown): string => {
  if (!(error instanceof BadRow)) throw error
  return error.message.length > WHY_LENGTH_MAX ? `${error.message.slice(0, WHY_LENGTH_MAX)}…` : error.message
}

/** Returns why a row is refused whose id was there before, with other contents. */
export const otherContents = (id: string): string => `id: found "${id}" a second time, with other contents, expected each id once`
