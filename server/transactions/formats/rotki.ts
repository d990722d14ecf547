import type { Amount, Deal } from '../deal.ts'
import type { Format } from '../format.ts'
import type { TableRow } from '../tableRow.ts'
import { tokenAsset } from '../tokens.ts'
import { isPurchase } from './pairs.ts'

const KINDS: Readonly<Record<string, Deal['kind']>> = {
  deposit: 'deposit',
  withdrawal: 'withdraw',
  income: 'income',
  staking: 'income',
  loss: 'withdraw',
  spend: 'withdraw',
}

/** Returns the asset of a name or of an identifier such as "eip155:1/erc20:0xA0b8…". */
const assetOf = (row: TableRow, column: string): string => {
  const text = row.text(column)
  const [, contract] = /^eip155:\d+\/erc20:(0x[0-9a-f]{40})$/i.exec(text) ?? []
  return contract === undefined ? text : tokenAsset('', contract)
}

const amountIn = (row: TableRow, amount: string, currency: string): Amount => ({
  asset: assetOf(row, currency),
  amount: row.required(amount),
})

const feesOf = (row: TableRow): Amount[] => (row.text('Fee') === '' ? [] : [amountIn(row, 'Fee', 'Fee Currency')])

const tradeOf = (row: TableRow, received: Amount, given: Amount): Deal => ({
  t: row.time('Timestamp'),
  kind: 'trade',
  received: [received],
  given: [given],
  fees: feesOf(row),
  account: row.text('Location'),
  id: '',
})

/** rotki's generic trades. */
export const rotkiTrades: Format = {
  name: 'rotki-trades',
  columns: ['Location', 'Spend Currency', 'Receive Currency', 'Spend Amount', 'Receive Amount', 'Fee', 'Timestamp'],
  time: ['Timestamp'],
  read: ([row]) => [tradeOf(row!, amountIn(row!, 'Receive Amount', 'Receive Currency'), amountIn(row!, 'Spend Amount', 'Spend Currency'))],
}

/** rotki's generic trades as they were until 2025: what was bought and sold, of a base and a quote. */
export const rotkiTradesOfOld: Format = {
  name: 'rotki-trades',
  columns: ['Location', 'Base Currency', 'Quote Currency', 'Type', 'Buy Amount', 'Sell Amount', 'Fee', 'Timestamp'],
  time: ['Timestamp'],
  read: ([row]) => {
    const r = row!
    const [bought, sold] = isPurchase(r, 'Type')
      ? (['Base Currency', 'Quote Currency'] as const)
      : (['Quote Currency', 'Base Currency'] as const)
    return [tradeOf(r, amountIn(r, 'Buy Amount', bought), amountIn(r, 'Sell Amount', sold))]
  },
}

/** rotki's generic events. */
export const rotkiEvents: Format = {
  name: 'rotki-events',
  columns: ['Type', 'Location', 'Currency', 'Amount', 'Fee', 'Fee Currency', 'Timestamp'],
  time: ['Timestamp'],
  read: ([row]) => {
    const r = row!
    const kind = KINDS[r.text('Type').toLowerCase()]
    if (kind === undefined) throw r.bad('Type', r.text('Type'), 'one that is known')
    const moved = [amountIn(r, 'Amount', 'Currency')]
    return [
      {
        t: r.time('Timestamp'),
        kind,
        ...(kind === 'withdraw' ? { given: moved } : { received: moved }),
        fees: feesOf(r),
        account: r.text('Location'),
        id: '',
      },
    ]
  },
}
