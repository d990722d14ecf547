import { formatDecimal } from '../../streams/lib/decimal.ts'
import { NAME } from '../../streams/lib/names.ts'
import { BadRow, type Transaction, type TransactionType } from '../../streams/pnl/transaction.ts'
import { KEY } from '../../streams/wire/limits.ts'
import { digestOf } from './rowIds.ts'

/** An amount of an asset, 10⁻¹⁸. */
export interface Amount {
  readonly asset: string
  readonly amount: bigint
}

/** What rows of an export say happened, whatever currency a portfolio counts in. Amounts are not negative, but a fee that was paid out. */
export interface Deal {
  /** ms. */
  readonly t: number
  /** `spend`: an expense in kind. `transfer`: between own accounts. */
  readonly kind: 'trade' | 'deposit' | 'withdraw' | 'income' | 'gift' | 'spend' | 'transfer'
  /** What came in and what went out, beside fees. */
  readonly received?: readonly Amount[]
  readonly given?: readonly Amount[]
  readonly fees?: readonly Amount[]
  /** What it was worth, if the export says so: of a trade either side. */
  readonly worth?: Amount | undefined
  readonly account?: string
  readonly toAccount?: string
  /** The export's own name of it; '' if it has none. */
  readonly id: string
}

/** Returns a sum of amounts by asset, without those that cancel out. */
const summed = (amounts: readonly Amount[] = []): Map<string, bigint> => {
  const sums = new Map<string, bigint>()
  for (const { asset, amount } of amounts) {
    if (!NAME.test(asset)) throw new BadRow(`asset: found "${asset}", expected a name of letters, digits, ".", "_" and "-"`)
    sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  }
  for (const [asset, amount] of sums) if (amount === 0n) sums.delete(asset)
  return sums
}

/**
 * Returns a deal as rows of a portfolio that counts in `quote`. `name` is the deal's id if it has none of its own. Several rows have the ids
 * `NAME`, `NAME:2` and so on. Throws BadRow if it cannot be said in such rows.
 */
export const transactionsOf = (deal: Deal, quote: string, name: string): Transaction[] => {
  const rows: Transaction[] = []
  const id =
    deal.id !== '' && KEY.test(deal.id) && deal.id.length <= ID_LENGTH_MAX ? deal.id : deal.id === '' ? name : `deal:${digestOf(deal.id)}`
  const book = (type: TransactionType, asset: string, qty: bigint, more: Partial<Transaction> = {}): void => {
    const { t, account = '', toAccount = '' } = deal
    const suffix = rows.length === 0 ? '' : `:${rows.length + 1}`
    rows.push({ t, type, asset, qty, price: undefined, fee: 0n, cost: undefined, account, toAccount, id: id + suffix, ...more })
  }
  const fees = summed(deal.fees)
  // Money is booked with what it was paid for, everything else as a row of its own.
  const fee = fees.get(quote) ?? 0n
  fees.delete(quote)
  const given = summed(deal.given)
  const received = summed(deal.received)
  const worth = deal.worth?.asset === quote ? deal.worth.amount : undefined
  if (deal.kind === 'trade') bookTrade(book, { given, received, fee, worth, quote })
  else bookMove(book, deal.kind, { given, received, fee, worth: given.has(quote) || received.has(quote) ? undefined : worth })
  for (const [asset, amount] of fees) {
    // What is paid out to the maker of an order is income.
    if (amount < 0n) book('income', asset, -amount)
    else book('fee', asset, amount)
  }
  if (rows.length === 0) throw new BadRow('found no amount, expected one that is not zero')
  return rows
}

/** Characters of a deal's own id: a row's number has to have room behind it. */
const ID_LENGTH_MAX = 120

type Book = (type: TransactionType, asset: string, qty: bigint, more?: Partial<Transaction>) => void

interface Sides {
  readonly given: ReadonlyMap<string, bigint>
  readonly received: ReadonlyMap<string, bigint>
  /** Of the quote currency. */
  readonly fee: bigint
  readonly worth: bigint | undefined
}

const bookTrade = (book: Book, { given, received, fee, worth, quote }: Sides & { readonly quote: string }): void => {
  const paid = given.get(quote)
  const earned = received.get(quote)
  const [[bought, gain] = ['', 0n]] = received
  const [[sold, loss] = ['', 0n]] = given
  if (given.size === 0 || received.size === 0)
    throw new BadRow(`found only ${given.size === 0 ? 'what came in' : 'what went out'}, expected both sides of a trade`)
  if (paid !== undefined || earned !== undefined) {
    if (given.size > 1 || received.size > 1)
      throw new BadRow(`found ${said(given)} for ${said(received)}, expected one asset on either side of a trade for ${quote}`)
    if (paid !== undefined) book('buy', bought, gain, { fee, cost: paid + fee })
    else if (earned! < fee) throw new BadRow(`fee: found ${formatDecimal(fee)}, expected no more than the proceeds`)
    else book('sell', sold, loss, { fee, cost: earned! - fee })
    return
  }
  for (const [asset, amount] of given) book('sell', asset, amount, given.size === 1 && worth !== undefined ? { cost: worth } : {})
  let rest = fee
  for (const [asset, amount] of received) {
    book('buy', asset, amount, { fee: rest, ...(received.size === 1 && worth !== undefined && { cost: worth + rest }) })
    rest = 0n
  }
}

const said = (sums: ReadonlyMap<string, bigint>): string =>
  [...sums].map(([asset, amount]) => `${formatDecimal(amount)} ${asset}`).join(' and ')

/** The type of a row by the kind of its deal, for what comes in and what goes out. */
const TYPES = {
  deposit: { in: 'deposit', out: 'withdraw' },
  withdraw: { in: 'deposit', out: 'withdraw' },
  income: { in: 'income', out: 'fee' },
  spend: { in: 'income', out: 'fee' },
  gift: { in: 'gift', out: 'gift' },
  transfer: { in: 'transfer', out: 'transfer' },
} as const satisfies Record<Exclude<Deal['kind'], 'trade'>, { in: TransactionType; out: TransactionType }>

const bookMove = (book: Book, kind: keyof typeof TYPES, { given, received, fee, worth }: Sides): void => {
  let rest = fee
  const alone = given.size + received.size === 1
  const more = (): Partial<Transaction> => {
    const row = { fee: rest, ...(alone && worth !== undefined && kind !== 'transfer' && { cost: worth }) }
    rest = 0n
    return row
  }
  for (const [asset, amount] of received) book(TYPES[kind].in, asset, amount, more())
  for (const [asset, amount] of given) book(TYPES[kind].out, asset, kind === 'gift' ? -amount : amount, more())
}
