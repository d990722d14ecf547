import { formatDecimal, parseNumber, readDecimal } from '../lib/decimal.ts'
import { NAME } from '../lib/names.ts'
import { timeOf } from '../lib/time.ts'
import { isTime } from '../market/ticks.ts'

/** What a transaction can be. */
export const TYPES = ['buy', 'sell', 'income', 'gift', 'transfer', 'fee', 'deposit', 'withdraw'] as const
/** One kind of transaction. */
export type TransactionType = (typeof TYPES)[number]

/** One row of a transactions file. Amounts in 10⁻¹⁸; `price`, `fee` and `cost` in the quote currency. */
export interface Transaction {
  /** ms. */
  readonly t: number
  readonly type: TransactionType
  readonly asset: string
  /** Not negative, but for a gift given away; zero if a row says nothing but its fee. */
  readonly qty: bigint
  /** Of one unit; undefined if the file does not say. */
  readonly price: bigint | undefined
  /** Negative if it was paid out, as makers of orders are paid by some exchanges. */
  readonly fee: bigint
  /** What was paid (of a sale: received) in all, after the fee, if that differs from what qty, price and fee give. */
  readonly cost: bigint | undefined
  readonly account: string
  readonly toAccount: string
  /** '' if the file gives none. */
  readonly id: string
}

/** The columns of a file of transactions. */
export const COLUMNS = ['t', 'type', 'asset', 'qty', 'price', 'fee', 'account', 'to_account', 'id', 'cost'] as const
const REQUIRED = ['t', 'type', 'asset', 'qty'] as const

/** Says why a row cannot be read: which column, what was found, what was expected. */
export class BadRow extends Error {}

/** Returns a reader of the rows of a file with this header; it throws BadRow for a bad row. Throws BadRow if the header lacks a column. */
export const transactionReader = (header: readonly string[]): ((fields: readonly string[]) => Transaction) => {
  const at = new Map(header.map((name, i) => [name.trim(), i]))
  for (const name of REQUIRED) {
    if (!at.has(name)) throw new BadRow(`header: found "${header.join(',')}", expected the columns ${REQUIRED.join(', ')}`)
  }
  return fields => {
    const field = (name: (typeof COLUMNS)[number]): string => (fields[at.get(name) ?? -1] ?? '').trim()
    const bad = (name: string, expected: string): BadRow => new BadRow(`${name}: found "${field(name as 't')}", expected ${expected}`)
    const amount = (name: 'qty' | 'price' | 'fee' | 'cost'): bigint | undefined => {
      if (field(name) === '') return undefined
      const value = parseNumber(field(name))
      if (value === undefined) throw bad(name, 'a decimal with at most 18 places')
      if (value < 0n && (name === 'price' || name === 'cost')) throw bad(name, 'a number that is not negative')
      return value
    }
    const type = field('type') as TransactionType
    if (!TYPES.includes(type)) throw bad('type', `one of ${TYPES.join(', ')}`)
    const t = readTime(field('t'))
    if (t === undefined) throw bad('t', 'ms since the epoch or an ISO 8601 time, not before 2009')
    if (!NAME.test(field('asset'))) throw bad('asset', 'a name of letters, digits, ".", "_" and "-"')
    const qty = amount('qty')
    if (qty === undefined || (qty < 0n && type !== 'gift')) throw bad('qty', 'an amount that is not negative')
    const price = amount('price')
    const fee = amount('fee') ?? 0n
    const cost = amount('cost')
    if (qty === 0n && cost !== undefined && cost !== 0n) throw bad('cost', 'none, because the amount is zero')
    if (type === 'buy' && cost !== undefined && cost < fee) throw bad('cost', 'at least the fee, which is part of it')
    return {
      t,
      type,
      asset: field('asset'),
      qty,
      price,
      fee,
      cost,
      account: field('account'),
      toAccount: field('to_account'),
      id: field('id'),
    }
  }
}

/** Reads a time as `timeOf` does. Returns ms; undefined if it is none or before 2009. */
const readTime = (text: string): number | undefined => {
  const t = timeOf(text)
  return isTime(t) ? t : undefined
}

/** A transaction as JSON has it: amounts are decimal strings, and unknown members are left out. */
export interface WrittenTransaction {
  readonly t: number
  readonly type: TransactionType
  readonly asset: string
  readonly qty: string
  readonly price?: string
  readonly fee?: string
  readonly cost?: string
  readonly account?: string
  readonly to_account?: string
  readonly id?: string
}

/** Returns a transaction as JSON has it. */
export const writeTransaction = ({ t, type, asset, qty, price, fee, cost, account, toAccount, id }: Transaction): WrittenTransaction => ({
  t,
  type,
  asset,
  qty: formatDecimal(qty),
  ...(price !== undefined && { price: formatDecimal(price) }),
  ...(fee !== 0n && { fee: formatDecimal(fee) }),
  ...(cost !== undefined && { cost: formatDecimal(cost) }),
  ...(account !== '' && { account }),
  ...(toAccount !== '' && { to_account: toAccount }),
  ...(id !== '' && { id }),
})

/** Reads what `writeTransaction` wrote. Throws TypeError if an amount is no decimal. */
export const readTransaction = ({ t, type, asset, qty, price, fee, cost, account, to_account, id }: WrittenTransaction): Transaction => ({
  t,
  type,
  asset,
  qty: readDecimal(qty),
  price: price === undefined ? undefined : readDecimal(price),
  fee: fee === undefined ? 0n : readDecimal(fee),
  cost: cost === undefined ? undefined : readDecimal(cost),
  account: account ?? '',
  toAccount: to_account ?? '',
  id: id ?? '',
})

/** Orders rows by time. Rows of one time stay in the order in which they came: that of their file, then that of the journal. */
export const inOrder = (a: Transaction, b: Transaction): number => a.t - b.t
