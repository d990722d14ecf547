import type { Amount, Deal } from '../deal.ts'
import { type Format, ignored } from '../format.ts'
import type { TableRow } from '../tableRow.ts'

/** Kinds of transactions, in lower case. */
const KINDS: Readonly<Record<string, Deal['kind'] | 'buy' | 'sell' | 'convert' | 'own'>> = {
  buy: 'buy',
  'advanced trade buy': 'buy',
  'advance trade buy': 'buy',
  sell: 'sell',
  'advanced trade sell': 'sell',
  'advance trade sell': 'sell',
  convert: 'convert',
  receive: 'deposit',
  deposit: 'deposit',
  'exchange withdrawal': 'deposit',
  'pro withdrawal': 'deposit',
  'prime withdrawal': 'deposit',
  send: 'withdraw',
  withdrawal: 'withdraw',
  'exchange deposit': 'withdraw',
  'pro deposit': 'withdraw',
  'prime deposit': 'withdraw',
  'rewards income': 'income',
  'reward income': 'income',
  'staking income': 'income',
  'inflation reward': 'income',
  'coinbase earn': 'income',
  'learning reward': 'income',
  'interest payout': 'income',
  'subscription rebate': 'income',
  donation: 'gift',
  'card spend': 'spend',
  subscription: 'spend',
  'admin debit': 'spend',
  'retail staking transfer': 'own',
  'retail unstaking transfer': 'own',
  'vault withdrawal': 'own',
}

const abs = (amount: bigint): bigint => (amount < 0n ? -amount : amount)

/** Returns the currency of the prices: a column of its own, or in older exports the first word of "USD Subtotal". */
const currencyOf = (row: TableRow): string => row.text('Price Currency', 'Spot Price Currency') || row.prefixOf('Subtotal')

const money = (row: TableRow, ...names: readonly string[]): bigint | undefined => {
  const value = row.withUnit(...names, ...names.map(name => `${currencyOf(row)} ${name}`))
  return value && abs(value.amount)
}

/** Returns what the note of a trade says was paid or got, and for which pair: "Bought 0.1 ETH for 250.5 USDC on ETH-USDC at 2500 USDC/ETH". */
const noted = (row: TableRow): Amount | undefined => {
  const [, amount, asset] = /^(?:Bought|Sold) \S+ \S+ for [^\d]?([\d,.]+) ([A-Z0-9]+)(?: on |$| )/.exec(row.text('Notes')) ?? []
  const value = amount === undefined ? undefined : row.numberIn(amount)
  return value === undefined ? undefined : { asset: asset!, amount: value }
}

const tradeOf = (row: TableRow, asset: Amount, purchase: boolean): Pick<Deal, 'received' | 'given' | 'fees'> => {
  const currency = currencyOf(row)
  const note = noted(row)
  const subtotal = money(row, 'Subtotal')
  const fee = money(row, 'Fees and/or Spread', 'Fees') ?? 0n
  // A trade for another coin has its value in money beside it; the note says what was really paid, fees included.
  const other = note && note.asset !== currency ? { paid: note, fees: [] } : undefined
  if (other === undefined && subtotal === undefined) throw row.bad('Subtotal', row.text('Subtotal'), 'an amount')
  const { paid, fees } = other ?? { paid: { asset: currency, amount: subtotal! }, fees: [{ asset: currency, amount: fee }] }
  return { received: [purchase ? asset : paid], given: [purchase ? paid : asset], fees }
}

const conversionOf = (row: TableRow, given: Amount): Pick<Deal, 'received' | 'given'> => {
  const [, amount, asset] = /^Converted \S+ \S+ to ([\d,.]+) ([A-Z0-9]+)/.exec(row.text('Notes')) ?? []
  const value = amount === undefined ? undefined : row.numberIn(amount)
  if (value === undefined) throw row.bad('Notes', row.text('Notes'), '"Converted … to AMOUNT COIN"')
  return { given: [given], received: [{ asset: asset!, amount: value }] }
}

/** The transaction history, whose header follows some lines about the account. */
export const coinbase: Format = {
  name: 'coinbase',
  columns: ['Timestamp', 'Transaction Type', 'Asset', 'Quantity Transacted', 'Notes'],
  time: ['Timestamp'],
  read: ([row]) => {
    const r = row!
    const type = r.text('Transaction Type')
    const kind = KINDS[type.toLowerCase()]
    if (kind === undefined) throw r.bad('Transaction Type', type, 'one that is known')
    if (kind === 'own') throw ignored('moved between own wallets')
    const asset = { asset: r.text('Asset'), amount: abs(r.required('Quantity Transacted')) }
    const id = r.text('ID')
    const base = { t: r.time('Timestamp'), id: id && `coinbase:${id}` }
    if (kind === 'buy' || kind === 'sell') return [{ ...base, kind: 'trade', ...tradeOf(r, asset, kind === 'buy') }]
    const value = money(r, 'Total', 'Subtotal') ?? money(r, 'Subtotal')
    const worth = value === undefined || value === 0n ? undefined : { asset: currencyOf(r), amount: value }
    if (kind === 'convert') return [{ ...base, kind: 'trade', ...conversionOf(r, asset), worth }]
    const out = kind === 'withdraw' || kind === 'spend' || kind === 'gift'
    return [{ ...base, kind, ...(out ? { given: [asset] } : { received: [asset] }), worth }]
  },
}
