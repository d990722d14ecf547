import { NAME, NAME_FORM } from '../../../streams/lib/names.ts'
import type { Transaction } from '../../../streams/pnl/transaction.ts'
import { type Format, type FormatContext, ignored } from '../format.ts'
import { digestOf } from '../rowIds.ts'
import type { TableRow } from '../tableRow.ts'
import { tokenAsset } from '../tokens.ts'

const HASH = ['Transaction Hash', 'Txhash'] as const

/** What a row moves into the account or out of it. */
interface Move {
  readonly type: 'deposit' | 'withdraw' | 'fee'
  readonly asset: string
  readonly qty: bigint
  readonly price?: bigint | undefined
}

const hashOf = (row: TableRow): string => {
  const hash = row.text(...HASH).toLowerCase()
  if (!/^0x[0-9a-f]{64}$/.test(hash)) throw row.bad(HASH[0], hash, '64 hexadecimal digits after "0x"')
  return hash
}

/** Returns moves as rows of a portfolio. Throws Ignored if nothing was moved. */
const booked = (row: TableRow, moves: readonly Move[], { own, numbered }: FormatContext): { booked: Transaction[] } => {
  const hash = hashOf(row)
  const t = row.time('UnixTimestamp')
  const transactions = moves
    .filter(({ qty }) => qty > 0n)
    .map(({ type, asset, qty, price }): Transaction => {
      if (!NAME.test(asset)) throw row.bad('asset', asset, NAME_FORM)
      const what = [type, own, asset, qty, row.text('From'), row.text('To', 'TxTo')].join(',').toLowerCase()
      const id = numbered(`${hash}:${digestOf(what)}`)
      return { t, type, asset, qty, price, fee: 0n, cost: undefined, account: own, toAccount: '', id }
    })
  if (transactions.length === 0) throw ignored('moved nothing')
  return { booked: transactions }
}

/** Returns the price of the coin at the time of a row, in dollars; undefined if the portfolio counts in something else. */
const priceOf = (row: TableRow, coin: string, { quote }: FormatContext): bigint | undefined =>
  quote === 'USD' ? row.amount(`Historical $Price/${coin}`) : undefined

const isFailed = (row: TableRow): boolean => row.text('ErrCode') !== '' || /err|fail/i.test(row.text('Status'))

/** Returns what a row says of the coin of the chain: it stands in the name of the column. */
const coinMoves = (row: TableRow, context: FormatContext): { coin: string; price: bigint | undefined; moves: Move[] } => {
  const coin = row.note('Value_IN') || 'ETH'
  const price = priceOf(row, coin, context)
  const [qtyIn, qtyOut] = [row.amount('Value_IN') ?? 0n, row.amount('Value_OUT') ?? 0n]
  const moves: Move[] = [
    { type: 'deposit', asset: coin, qty: qtyIn, price },
    { type: 'withdraw', asset: coin, qty: qtyOut, price },
  ]
  return { coin, price, moves }
}

/** Returns the own address, on one side of each row. Throws BadRow if it is not known. */
const ownIn = (row: TableRow, { own }: FormatContext): string => {
  if (own === '') throw row.bad('From', row.text('From'), 'one address in every row, or the own one in the name of the file')
  return own
}

/** The transactions of an account, as Etherscan and its like export them. Who sends one pays its gas, also if it fails. */
export const etherscanTransactions: Format = {
  name: 'etherscan',
  columns: [HASH, 'UnixTimestamp', 'From', 'To', 'Value_IN', 'Value_OUT', 'TxnFee', 'Status', 'ErrCode'],
  time: ['UnixTimestamp'],
  parties: ['From', 'To'],
  read: ([row], context) => {
    const r = row!
    const own = ownIn(r, context)
    const { coin, price, moves } = coinMoves(r, context)
    const sent = r.text('From').toLowerCase() === own
    const gas: Move = { type: 'fee', asset: coin, qty: sent ? (r.amount('TxnFee') ?? 0n) : 0n, price }
    const toItself = sent && r.text('To').toLowerCase() === own
    return booked(r, [...(isFailed(r) || toItself ? [] : moves), gas], context)
  },
}

/** What contracts sent to an account, or for it, within transactions. */
export const etherscanInternal: Format = {
  name: 'etherscan-internal',
  columns: [HASH, 'UnixTimestamp', 'ParentTxFrom', 'ParentTxTo', 'From', 'TxTo', 'Value_IN', 'Value_OUT', 'Status', 'ErrCode', 'Type'],
  time: ['UnixTimestamp'],
  parties: ['From', 'TxTo'],
  read: ([row], context) => {
    const r = row!
    // Unlike that of a transaction it is a number, zero if all went well.
    if (isFailed(r) || r.text('Status') === '1') throw ignored('failed, and moved nothing')
    ownIn(r, context)
    return booked(r, coinMoves(r, context).moves, context)
  },
}

/** The transfers of an account's tokens, each named by its contract. */
export const etherscanTokens: Format = {
  name: 'etherscan-tokens',
  columns: [HASH, 'UnixTimestamp', 'From', 'To', ['TokenValue', 'Value'], 'ContractAddress', 'TokenName', 'TokenSymbol'],
  time: ['UnixTimestamp'],
  parties: ['From', 'To'],
  read: ([row], context) => {
    const r = row!
    const own = ownIn(r, context)
    const contract = r.text('ContractAddress')
    if (!/^0x[0-9a-f]{40}$/i.test(contract)) throw r.bad('ContractAddress', contract, '40 hexadecimal digits after "0x"')
    const [from, to] = [r.text('From').toLowerCase(), r.text('To').toLowerCase()]
    if (from !== own && to !== own) throw r.bad('From', from, `${own}, or that in To`)
    if (from === to) throw ignored('moved between own wallets')
    const asset = tokenAsset(r.text('TokenSymbol'), contract)
    return booked(r, [{ type: from === own ? 'withdraw' : 'deposit', asset, qty: r.required('TokenValue', 'Value') }], context)
  },
}
