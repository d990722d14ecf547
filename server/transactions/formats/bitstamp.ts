import type { Amount, Deal } from '../deal.ts'
import { type Format, ignored } from '../format.ts'
import type { TableRow } from '../tableRow.ts'
import { isPurchase } from './pairs.ts'

const KINDS: Readonly<Record<string, Exclude<Deal['kind'], 'trade'>>> = {
  deposit: 'deposit',
  'card deposit': 'deposit',
  'ripple deposit': 'deposit',
  withdrawal: 'withdraw',
  'ripple payment': 'withdraw',
  'staking reward': 'income',
  'referral reward': 'income',
}

/** Returns an amount with its currency: in a column of its own, or in older exports in the same field ("1.5 ETH"). */
const amountIn = (row: TableRow, name: string): Amount | undefined => {
  if (row.has(`${name} currency`)) {
    const amount = row.amount(name)
    return amount === undefined ? undefined : { asset: assetOf(row.text(`${name} currency`)), amount }
  }
  const value = row.withUnit(name)
  return value && { asset: assetOf(value.unit), amount: value.amount }
}

/** Staked ether is ether. */
const assetOf = (name: string): string => (name === 'ETH2' || name === 'ETH2R' ? 'ETH' : name)

/** The transactions, as they are exported now and as they were until 2022. */
export const bitstamp: Format = {
  name: 'bitstamp',
  columns: ['Type', 'Datetime', 'Account', 'Amount', 'Value', 'Rate', 'Fee', ['Subtype', 'Sub Type']],
  time: ['Datetime'],
  read: ([row]) => {
    const r = row!
    const type = r.text('Type')
    const amount = amountIn(r, 'Amount')
    if (amount === undefined) throw r.bad('Amount', '', 'an amount')
    const fee = amountIn(r, 'Fee')
    const base = {
      t: r.time('Datetime'),
      fees: fee ? [fee] : [],
      account: r.text('Account'),
      id: r.text('ID') && `bitstamp:${r.text('ID')}`,
    }
    if (/^(market|instant)$/i.test(type)) {
      const value = amountIn(r, 'Value')
      if (value === undefined) throw r.bad('Value', '', 'an amount')
      const purchase = isPurchase(r, 'Subtype', 'Sub Type')
      return [{ ...base, kind: 'trade', received: [purchase ? amount : value], given: [purchase ? value : amount] }]
    }
    if (/^(sub account transfer|internal transfer)$/i.test(type)) throw ignored('moved between own wallets')
    const kind = KINDS[type.toLowerCase()]
    if (kind === undefined) throw r.bad('Type', type, 'one that is known')
    return [{ ...base, kind, ...(kind === 'withdraw' ? { given: [amount] } : { received: [amount] }) }]
  },
}
