import type { Amount, Deal } from '../deal.ts'
import { type Format, ignored } from '../format.ts'
import type { TableRow } from '../tableRow.ts'

/** The labels of what came in and of what went out, in lower case, with blanks for underlines; of others nothing is known. */
const RECEIVED: Readonly<Record<string, Deal['kind']>> = {
  '': 'deposit',
  deposit: 'deposit',
  gift: 'gift',
  'received gift': 'gift',
  airdrop: 'income',
  fork: 'income',
  mining: 'income',
  reward: 'income',
  staking: 'income',
  salary: 'income',
  'other income': 'income',
  income: 'income',
  'lending interest': 'income',
  'loan interest': 'income',
  cashback: 'income',
  'fee refund': 'income',
}
const GIVEN: Readonly<Record<string, Deal['kind']>> = {
  '': 'withdraw',
  withdrawal: 'withdraw',
  gift: 'gift',
  'sent gift': 'gift',
  donation: 'gift',
  lost: 'withdraw',
  stolen: 'withdraw',
  cost: 'spend',
  fee: 'spend',
  'loan fee': 'spend',
  tax: 'spend',
  payment: 'withdraw',
}
const POSITIONS = /margin|realized gain|realized p&l|futures|loan repayment|^loan$/

/** Returns a currency or wallet without the number that exports for spreadsheets put behind it ("BTC;3"). */
const bare = (text: string): string => text.split(';')[0]!.trim()

const amountIn = (row: TableRow, amounts: readonly string[], currencies: readonly string[]): Amount[] => {
  const amount = row.amount(...amounts) ?? 0n
  return amount === 0n ? [] : [{ asset: bare(row.text(...currencies)), amount }]
}

/** What a row was worth: in a column of its own, or in one that has the currency in its name ("Net Value (USD)"). */
const worthOf = (row: TableRow): Amount | undefined => {
  const [own] = amountIn(row, ['Net Worth Amount'], ['Net Worth Currency'])
  if (own) return own
  const amount = row.amount('Net Value') ?? 0n
  const asset = bare(row.text('Value Currency')) || row.note('Net Value')
  return amount === 0n || !/^[A-Z]{3,}$/.test(asset) ? undefined : { asset, amount }
}

/** Koinly's transactions: its report, its export for spreadsheets, and the template of its own imports. */
export const koinly: Format = {
  name: 'koinly',
  columns: [
    'Date',
    ['Sent Amount', 'From Amount'],
    ['Sent Currency', 'From Currency'],
    ['Received Amount', 'To Amount'],
    'Fee Amount',
    'Fee Currency',
  ],
  time: ['Date'],
  read: ([row]) => {
    const r = row!
    if (/^(true|yes|1)$/i.test(r.text('Deleted'))) throw ignored('was deleted there')
    const given = amountIn(r, ['Sent Amount', 'From Amount'], ['Sent Currency', 'From Currency'])
    const received = amountIn(r, ['Received Amount', 'To Amount'], ['Received Currency', 'To Currency'])
    const label = r.text('Label', 'Tag').toLowerCase().replaceAll('_', ' ')
    const type = r.text('Type').toLowerCase()
    if (POSITIONS.test(label)) throw r.bad('Label', label, 'one of spot: margin trades and loans are not read')
    if (given.length + received.length === 0) throw ignored('moved nothing')
    const kind = kindOf(r, type, label, given, received)
    const id = r.text('ID')
    const deal = {
      t: r.time('Date'),
      fees: amountIn(r, ['Fee Amount'], ['Fee Currency']),
      worth: worthOf(r),
      account: bare(r.text('Sending Wallet', 'From Wallet') || r.text('Receiving Wallet', 'To Wallet')),
      id: id && `koinly:${id}`,
    }
    if (kind !== 'transfer') return [{ ...deal, kind, given, received }]
    // What was sent and did not come was paid on the way.
    const lost = given[0]!.amount - received[0]!.amount
    const fees = deal.fees.length === 0 && lost > 0n ? [{ asset: given[0]!.asset, amount: lost }] : deal.fees
    return [{ ...deal, kind, given: received, fees, toAccount: bare(r.text('Receiving Wallet', 'To Wallet')) }]
  },
}

const kindOf = (row: TableRow, type: string, label: string, given: readonly Amount[], received: readonly Amount[]): Deal['kind'] => {
  if (given.length > 0 && received.length > 0) return type === 'transfer' || given[0]!.asset === received[0]!.asset ? 'transfer' : 'trade'
  const kind = (received.length > 0 ? RECEIVED : GIVEN)[label]
  if (kind === undefined) throw row.bad('Label', label, 'one that is known')
  return kind
}
