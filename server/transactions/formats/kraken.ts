import { assetName } from '../../../streams/market/symbols.ts'
import { BadRow } from '../../../streams/pnl/transaction.ts'
import type { Amount, Deal } from '../deal.ts'
import { type Format, ignored } from '../format.ts'
import type { TableRow } from '../tableRow.ts'
import { isPurchase, pairOf } from './pairs.ts'

/** Returns the asset that Kraken's name means: XXBT is BTC, ZUSD is USD, and what is staked or earns (ETH2.S, DOT28.S, SOL.F) is the asset itself. */
const assetOf = (row: TableRow): string => {
  const name = row.text('asset').replace(/(?:\d\d)?\.(?:S|M|P|F|B|T|HOLD)$/, '')
  return name === 'ETH2' ? 'ETH' : assetName(name)
}

const INCOME = ['staking', 'dividend', 'invite bonus', 'reward', 'airdrop', 'credit']
const POSITIONS = ['margin', 'rollover', 'settled']

const typeOf = (row: TableRow): string => row.text('type').toLowerCase()

/** The ledgers: a row for each change of a balance; those of one `refid` belong together. */
export const krakenLedgers: Format = {
  name: 'kraken-ledgers',
  columns: ['txid', 'refid', 'time', 'type', 'asset', 'amount', 'fee', 'balance'],
  time: ['time'],
  keyOf: row => {
    if (row.text('txid') === '') throw ignored('is not settled yet; its final row has a txid')
    if (row.text('asset') === 'KFEE') throw ignored('is fee credits, which are no asset')
    return row.text('refid')
  },
  read: rows => {
    const first = rows[0]!
    const type = typeOf(first)
    if (rows.some(row => POSITIONS.includes(typeOf(row)))) throw first.bad('type', type, 'one of spot: margin trades are not read')
    const changes = rows.map(row => ({ asset: assetOf(row), amount: row.required('amount') }))
    const deal = {
      t: first.time('time'),
      received: changes.filter(({ amount }) => amount > 0n),
      given: changes.filter(({ amount }) => amount < 0n).map(({ asset, amount }) => ({ asset, amount: -amount })),
      fees: rows.map(row => ({ asset: assetOf(row), amount: row.amount('fee') ?? 0n })),
      id: `kraken:${first.text('refid')}`,
    }
    return [{ ...deal, kind: kindOf(first, changes) }]
  },
}

/** Returns the kind of the deal of rows with one `refid`. Throws BadRow if it is not known, Ignored for a move between own wallets. */
const kindOf = (row: TableRow, changes: readonly Amount[]): Deal['kind'] => {
  const [type, subtype] = [typeOf(row), row.text('subtype').toLowerCase()]
  if (['trade', 'spend', 'receive', 'conversion', 'sale'].includes(type)) return 'trade'
  if (INCOME.includes(type) || (type === 'earn' && /reward/.test(subtype))) return 'income'
  if (type === 'earn' || (type === 'transfer' && subtype !== '')) throw ignored('moved between own wallets')
  if (type === 'deposit' || type === 'withdrawal') return changes[0]!.amount < 0n ? 'withdraw' : 'deposit'
  if (type === 'adjustment') return changes[0]!.amount < 0n ? 'spend' : 'income'
  if (type === 'transfer') {
    // The two rows of a move within the account have one refid and cancel out.
    const sums = new Map<string, bigint>()
    for (const { asset, amount } of changes) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
    if ([...sums.values()].every(sum => sum === 0n)) throw ignored('moved between own wallets')
    throw new BadRow('type: found a transfer without a subtype, expected one that says where to')
  }
  throw row.bad('type', row.text('type'), 'one that is known')
}

/** The history of trades. Of ledgers and trades only one may be imported: both hold the same trades. */
export const krakenTrades: Format = {
  name: 'kraken-trades',
  columns: ['txid', 'ordertxid', 'pair', 'time', 'type', 'price', 'cost', 'fee', 'vol', 'margin'],
  time: ['time'],
  read: ([row]) => {
    const r = row!
    if ((r.amount('margin') ?? 0n) !== 0n) throw r.bad('margin', r.text('margin'), '0: margin trades are not read')
    const pair = pairOf(r, 'kraken', 'pair')
    const base = { asset: pair.base, amount: r.required('vol') }
    const quote = { asset: pair.quote, amount: r.required('cost') }
    const purchase = isPurchase(r, 'type')
    return [
      {
        t: r.time('time'),
        kind: 'trade',
        received: [purchase ? base : quote],
        given: [purchase ? quote : base],
        fees: [{ asset: pair.quote, amount: r.amount('fee') ?? 0n }],
        id: `kraken:${r.text('txid')}`,
      },
    ]
  },
}
