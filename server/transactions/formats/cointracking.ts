import type { Amount, Deal } from '../deal.ts'
import type { Format } from '../format.ts'
import type { TableRow } from '../tableRow.ts'

const KINDS: Readonly<Record<string, Deal['kind']>> = {
  trade: 'trade',
  deposit: 'deposit',
  withdrawal: 'withdraw',
  income: 'income',
  'other income': 'income',
  'reward/bonus': 'income',
  'reward / bonus': 'income',
  mining: 'income',
  'mining (commercial)': 'income',
  airdrop: 'income',
  staking: 'income',
  masternode: 'income',
  minting: 'income',
  'interest income': 'income',
  'lending income': 'income',
  'gift/tip': 'gift',
  gift: 'gift',
  donation: 'gift',
  spend: 'withdraw',
  lost: 'withdraw',
  stolen: 'withdraw',
  'other fee': 'spend',
  'other expense': 'spend',
}

/**
 * CoinTracking's table of trades. Its fees are in its amounts: what came in is after them, what went out with them. One in a third coin is there as
 * a row "Other Fee" of its own, and said here only for information.
 */
export const cointracking: Format = {
  name: 'cointracking',
  columns: ['Type', 'Buy', 'Cur.', 'Sell', 'Cur. 2', 'Exchange', 'Date'],
  time: ['Date'],
  read: ([row]) => {
    const r = row!
    const type = r.text('Type')
    const kind = KINDS[type.toLowerCase()]
    if (kind === undefined) throw r.bad('Type', type, 'one that is known, of spot')
    const received = amountIn(r, 'Buy', 'Cur.')
    const given = amountIn(r, 'Sell', 'Cur. 2')
    const fees = r.has('Fee') ? amountIn(r, 'Fee', 'Cur. 3') : []
    const [fee] = fees
    const own = fee !== undefined && [...received, ...given].some(({ asset }) => asset === fee.asset)
    const id = r.text('Tx-ID', 'Trade ID')
    return [
      {
        t: r.time('Date'),
        kind,
        received: own && received.some(({ asset }) => asset === fee.asset) ? changed(received, fee.amount) : received,
        given: own && given.some(({ asset }) => asset === fee.asset) ? changed(given, -fee.amount) : given,
        fees: own ? [fee] : [],
        account: r.text('Exchange'),
        id: id && `cointracking:${type}:${id}`,
      },
    ]
  },
}

const amountIn = (row: TableRow, amount: string, currency: string): Amount[] => {
  const value = row.amount(amount) ?? 0n
  return value === 0n ? [] : [{ asset: row.text(currency), amount: value }]
}

const changed = (amounts: readonly Amount[], by: bigint): Amount[] => amounts.map(({ asset, amount }) => ({ asset, amount: amount + by }))
