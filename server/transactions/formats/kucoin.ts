import type { Deal } from '../deal.ts'
import { exportTime } from '../exportTime.ts'
import { type Format, ignored } from '../format.ts'
import type { TableRow } from '../tableRow.ts'
import { isPurchase, pairOf } from './pairs.ts'

/** Times whose column names no zone are those of Singapore. */
const ZONE = 'UTC+08:00'

const timeOf = (row: TableRow, name: string): number => {
  const zone = row.note(name)
  return zone === '' ? exportTime(row.text(name), ZONE) || row.time(name) : row.time(name)
}

const tradeOf = (row: TableRow, t: number, amount: string, volume: string, feeCoin: string): Deal => {
  const pair = pairOf(row, 'kucoin', 'symbol')
  const base = { asset: pair.base, amount: row.required(amount) }
  const quote = { asset: pair.quote, amount: row.required(volume) }
  const purchase = isPurchase(row, 'side')
  const fee = row.amount('fee') ?? 0n
  return {
    t,
    kind: 'trade',
    received: [purchase ? base : quote],
    given: [purchase ? quote : base],
    fees: fee === 0n ? [] : [{ asset: row.text(feeCoin) || pair.quote, amount: fee }],
    id: '',
  }
}

/** The history of spot trades, a row a fill. */
export const kucoinTrades: Format = {
  name: 'kucoin-trades',
  columns: ['tradeCreatedAt', 'symbol', 'side', 'price', 'size', 'funds', 'fee', 'feeCurrency'],
  time: ['tradeCreatedAt'],
  read: ([row]) => [tradeOf(row!, timeOf(row!, 'tradeCreatedAt'), 'size', 'funds', 'feeCurrency')],
}

/** Filled spot orders of the bundle, whole or split into fills. */
export const kucoinOrders: Format = {
  name: 'kucoin-orders',
  columns: ['UID', 'Symbol', 'Side', 'Filled Amount', 'Filled Volume', 'Filled Time', 'Fee', 'Fee Currency'],
  time: ['Filled Time'],
  read: ([row]) => {
    const r = row!
    if ((r.amount('Filled Amount') ?? 0n) === 0n) throw ignored('was not filled')
    return [tradeOf(r, timeOf(r, 'Filled Time'), 'Filled Amount', 'Filled Volume', 'Fee Currency')]
  },
}

/** Deposits and withdrawals of the bundle; only the latter have where they went. */
export const kucoinMoves: Format = {
  name: 'kucoin-moves',
  columns: ['UID', 'Account Type', 'Time', 'Coin', 'Amount', 'Fee', 'Status'],
  time: ['Time'],
  read: ([row], { file }) => {
    const r = row!
    if (!/^(success|successful|completed|succeeded)$/i.test(r.text('Status')))
      throw ignored(`is ${r.text('Status') || 'of no status'}, not completed`)
    const out = r.has('Withdrawal Address/Account') || /withdraw/i.test(file)
    const asset = r.text('Coin')
    const moved = [{ asset, amount: r.required('Amount') }]
    const fees = [{ asset, amount: r.amount('Fee') ?? 0n }]
    const hash = r.text('Hash')
    return [
      {
        t: timeOf(r, 'Time'),
        kind: out ? 'withdraw' : 'deposit',
        ...(out ? { given: moved } : { received: moved }),
        fees,
        id: hash && `kucoin:${hash}:${asset}`,
      },
    ]
  },
}
