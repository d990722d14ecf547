import type { Deal } from '../deal.ts'
import { type Format, ignored } from '../format.ts'
import type { TableRow } from '../tableRow.ts'
import { isPurchase, pairOf } from './pairs.ts'

const OWN_MOVE = 'moved between own wallets'

/** Types of rows of the unified account that need no other row, in lower case. */
const UNIFIED: Readonly<Record<string, Exclude<Deal['kind'], 'trade'>>> = {
  deposit: 'deposit',
  withdraw: 'withdraw',
  withdrawal: 'withdraw',
  airdrop: 'income',
  bonus: 'income',
  fee_refund: 'income',
  interest: 'spend',
}

const typeOf = (row: TableRow): string => row.text('Type').toLowerCase()

/** Returns what rows changed, by their cash flow and their fee: "Change" is both. */
const changesOf = (rows: readonly TableRow[]): Pick<Deal, 'received' | 'given' | 'fees'> => {
  const flows = rows.map(row => ({ asset: row.text('Currency'), amount: row.required('Cash Flow'), change: row.required('Change') }))
  return {
    received: flows.filter(({ amount }) => amount > 0n),
    given: flows.filter(({ amount }) => amount < 0n).map(({ asset, amount }) => ({ asset, amount: -amount })),
    fees: flows.map(({ asset, amount, change }) => ({ asset, amount: amount - change })),
  }
}

/** The log of a unified trading account: a spot trade is a row for each of its two coins; a row for one coin alone is of a position. */
export const bybitUnified: Format = {
  name: 'bybit-unified',
  columns: ['Currency', 'Contract', 'Type', 'Direction', 'Quantity', 'Fee Paid', 'Cash Flow', 'Change', ['Time(UTC)', 'Time']],
  time: ['Time(UTC)', 'Time'],
  keyOf: row => {
    const type = typeOf(row)
    if (type === 'transfer_in' || type === 'transfer_out') throw ignored(OWN_MOVE)
    if (type === 'trade') return `${row.text('Time(UTC)', 'Time')} ${row.text('Contract')} ${row.text('Direction')}`
    return /^(currency_buy|currency_sell)$/.test(type) ? `${row.text('Time(UTC)', 'Time')} conversion` : `line ${row.line}`
  },
  read: rows => {
    const first = rows[0]!
    const type = typeOf(first)
    const t = first.time('Time(UTC)', 'Time')
    if (type === 'trade') {
      const contract = first.text('Contract')
      const coins = [...new Set(rows.map(row => row.text('Currency')))]
      if (coins.length !== 2 || (contract !== coins.join('') && contract !== coins.toReversed().join('')))
        throw first.bad('Contract', contract, 'a spot pair with a row for each coin: derivatives are not read')
      return [{ t, kind: 'trade', ...changesOf(rows), id: '' }]
    }
    if (type.startsWith('currency_')) return [{ t, kind: 'trade', ...changesOf(rows), id: '' }]
    const kind = UNIFIED[type]
    if (kind === undefined) throw first.bad('Type', first.text('Type'), 'one that is known, of spot')
    return [{ t, kind, ...changesOf(rows), id: '' }]
  },
}

/** The log of a funding account. */
export const bybitFunding: Format = {
  name: 'bybit-funding',
  columns: ['Date & Time', 'Coin', 'QTY', 'Type', 'Account Balance', 'Description'],
  time: ['Date & Time'],
  keyOf: row => (typeOf(row) === 'convert' ? `${row.text('Date & Time')} convert` : `line ${row.line}`),
  read: rows => {
    const first = rows[0]!
    const changes = rows.map(row => ({ asset: row.text('Coin'), amount: row.required('QTY') }))
    const deal = {
      t: first.time('Date & Time'),
      received: changes.filter(({ amount }) => amount > 0n),
      given: changes.filter(({ amount }) => amount < 0n).map(({ asset, amount }) => ({ asset, amount: -amount })),
      id: '',
    }
    return [{ ...deal, kind: kindOfFunding(first) }]
  },
}

const kindOfFunding = (row: TableRow): Deal['kind'] => {
  const [type, what] = [typeOf(row), row.text('Description').toLowerCase()]
  if (/subscription|redemption|auto-earn|transfer (to|from)/.test(what) || /^transfer/.test(type)) throw ignored(OWN_MOVE)
  if (/interest distribution|rewards? distribution/.test(what) || /^(airdrop|rewards?|earn)$/.test(type)) return 'income'
  if (type === 'deposit') return 'deposit'
  if (type === 'withdraw' || type === 'withdrawal') return 'withdraw'
  if (type === 'convert') return 'trade'
  throw row.bad('Type', row.text('Type'), 'one that is known')
}

/** The history of spot orders: the fee is in the coin that came in. */
export const bybitSpot: Format = {
  name: 'bybit-spot',
  columns: [
    'Spot Pairs',
    'Direction',
    'Filled Value',
    'Filled Price',
    'Filled Quantity',
    ['Fees', 'Trading Fee'],
    ['Timestamp', 'Filled Time'],
  ],
  time: ['Timestamp', 'Filled Time'],
  read: ([row]) => {
    const r = row!
    const pair = pairOf(r, 'bybit', 'Spot Pairs')
    const base = { asset: pair.base, amount: r.required('Filled Quantity') }
    const quote = { asset: pair.quote, amount: r.required('Filled Value') }
    if (base.amount === 0n) throw ignored('was not filled')
    const purchase = isPurchase(r, 'Direction')
    const fee = r.amount('Fees', 'Trading Fee') ?? 0n
    const id = r.text('Transaction ID')
    return [
      {
        t: r.time('Timestamp', 'Filled Time'),
        kind: 'trade',
        received: [purchase ? base : quote],
        given: [purchase ? quote : base],
        fees: [{ asset: purchase ? pair.base : pair.quote, amount: fee }],
        id: id && `bybit:${id}`,
      },
    ]
  },
}
