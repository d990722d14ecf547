import { formatDecimal, parseNumber } from '../../streams/lib/decimal.ts'

/** For tests of imports: exports of makers, in their shapes, and what their columns add up to without anything of the readers. */

/** A row by the names of its columns; a second column of one name has `2` behind it. */
export type Fields = Readonly<Record<string, string>>

/** By asset, amounts that come (or go, with a minus). */
export type Sums = readonly (readonly [asset: string, amount: string | undefined, sign?: 1 | -1])[]

/** One maker's export. */
export interface MakersExport {
  readonly file: string
  readonly quote: string
  /** Lines before the header. */
  readonly before?: readonly string[]
  readonly header: string
  readonly rows: readonly string[]
  /** What a row adds to what is held. */
  readonly sums: (row: Fields) => Sums
}

/** Splits a line at its commas, but for those between quotes. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain!)

/** Returns what is held of each asset by the columns of an export, and by what was there `before`. */
export const heldBy = ({ header, rows, sums }: MakersExport, before: Fields = {}): Map<string, string> => {
  const seen = new Map<string, number>()
  const names = fieldsOf(header).map(name => {
    const n = (seen.get(name) ?? 0) + 1
    seen.set(name, n)
    return n === 1 ? name : `${name}${n}`
  })
  const held = new Map(Object.entries(before).map(([asset, amount]) => [asset, parseNumber(amount)!]))
  for (const row of rows) {
    const fields = fieldsOf(row)
    for (const [asset, amount, sign = 1] of sums(Object.fromEntries(names.map((name, i) => [name, fields[i] ?? '']))))
      if (amount) held.set(asset, (held.get(asset) ?? 0n) + BigInt(sign) * parseNumber(amount.replaceAll(/[$,]/g, ''))!)
  }
  return new Map([...held].filter(([, amount]) => amount !== 0n).map(([asset, amount]) => [asset, formatDecimal(amount)]))
}

/** Numbers that look like any, the same each time (mulberry32). */
const numbers = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A purchase or a sale for money, as every maker has them. */
interface Trade {
  readonly n: number
  /** ms. */
  readonly t: number
  readonly buy: boolean
  readonly asset: 'BTC' | 'ETH'
  readonly price: string
  readonly qty: string
  /** Of price and quantity. */
  readonly total: string
  readonly fee: string
}

const TRADES = 200
const BEGIN = Date.UTC(2023, 2, 1, 9)

/** Some hundred trades, oldest first, each in an hour of its own. */
const trades = (seed: number): Trade[] => {
  const next = numbers(seed)
  const held = { BTC: 0, ETH: 0 }
  return Array.from({ length: TRADES }, (_, n) => {
    const asset = next() < 0.5 ? 'BTC' : 'ETH'
    // In hundredths of money and millionths of an asset, so that the product ends.
    const price = Math.floor((asset === 'BTC' ? 60_000 : 3_000) * (0.8 + 0.4 * next()) * 100)
    // What is sold was bought before.
    const buy = n < 10 || next() < 0.6
    const qty = 1 + Math.floor(next() * (buy ? 2_000_000 : held[asset] / 2))
    held[asset] += buy ? qty : -qty
    const whole = (value: bigint, places: number): string => {
      const digits = value.toString().padStart(places + 1, '0')
      return `${digits.slice(0, -places)}.${digits.slice(-places)}`
    }
    return {
      n,
      t: BEGIN + n * 3_600_000 + Math.floor(next() * 3_600) * 1_000,
      buy,
      asset,
      price: whole(BigInt(price), 2),
      qty: whole(BigInt(qty), 6),
      total: whole(BigInt(price) * BigInt(qty), 8),
      fee: whole(BigInt(1 + Math.floor(next() * 5_000)), 4),
    }
  })
}

const iso = (t: number): string => new Date(t).toISOString()
/** `2024-03-01 10:00:00`. */
const plain = (t: number): string => iso(t).slice(0, 19).replace('T', ' ')
/** `1234567.5` as `$1,234,567.5`. */
const dollars = (amount: string): string => `"$${amount.replace(/\B(?=(\d{3})+\.)/g, ',')}"`
const either = (buy: boolean): 1 | -1 => (buy ? 1 : -1)

const newestFirst = (rows: readonly string[]): string[] => [...rows].reverse()

/** The exports of nine makers. */
export const MAKERS: Readonly<Record<string, MakersExport>> = {
  binance: {
    file: 'binance.csv',
    quote: 'USDT',
    header: 'User_ID,UTC_Time,Account,Operation,Coin,Change,Remark',
    rows: trades(1).flatMap(({ t, buy, asset, qty, total, fee }) => {
      const row = (operation: string, coin: string, change: string) => `7,${plain(t)},Spot,${operation},${coin},${change},`
      const [came, went] = buy ? ['Buy', 'Transaction Related'] : ['Transaction Revenue', 'Transaction Sold']
      const [coin, other] = buy ? [asset, 'USDT'] : ['USDT', asset]
      return [
        row(came, coin, buy ? qty : total),
        row(buy ? 'Fee' : 'Transaction Fee', buy ? 'BNB' : 'USDT', `-${fee}`),
        row(went, other, `-${buy ? total : qty}`),
      ]
    }),
    sums: row => [[row.Coin!, row.Change]],
  },
  coinbase: {
    file: 'coinbase.csv',
    quote: 'USD',
    before: ['You can use this transaction report to inform your likely tax obligations.', '', 'Transactions', 'User,A,0123'],
    header:
      'ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,Total (inclusive of fees and/or spread),Fees and/or Spread,Notes',
    rows: newestFirst(
      trades(2).map(({ n, t, buy, asset, price, qty, total }) => {
        const money = dollars(total)
        const kind = buy ? 'Advanced Trade Buy' : 'Advanced Trade Sell'
        const notes = `${buy ? 'Bought' : 'Sold'} ${qty} ${asset} for ${total} USD on ${asset}-USD at ${price} USD/${asset}`
        return `${n},${plain(t)} UTC,${kind},${asset},${buy ? '' : '-'}${qty},USD,${dollars(price)},${money},${money},$0.00,"${notes}"`
      }),
    ),
    sums: row => [
      [row.Asset!, row['Quantity Transacted']],
      ['USD', row['Total (inclusive of fees and/or spread)'], row['Transaction Type']!.endsWith('Buy') ? -1 : 1],
    ],
  },
  kraken: {
    file: 'ledgers.csv',
    quote: 'USD',
    header: '"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"',
    rows: trades(3).flatMap(({ n, t, buy, asset, qty, total, fee }) => {
      const row = (side: string, code: string, amount: string, paid: string) =>
        `"L${n}${side}","T${n}","${plain(t)}.1234","trade","","currency","${code}",${amount},${paid},0`
      const code = asset === 'BTC' ? 'XXBT' : 'XETH'
      return [row('a', 'ZUSD', `${buy ? '-' : ''}${total}`, fee), row('b', code, `${buy ? '' : '-'}${qty}`, '0')]
    }),
    sums: row => {
      const asset = { ZUSD: 'USD', XXBT: 'BTC', XETH: 'ETH' }[row.asset!]!
      return [
        [asset, row.amount],
        [asset, row.fee, -1],
      ]
    },
  },
  bitstamp: {
    file: 'bitstamp.csv',
    quote: 'USD',
    header: 'ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,Fee currency,Order ID',
    rows: trades(4).map(
      ({ n, t, buy, asset, price, qty, total, fee }) =>
        `${n},Main Account,Market,${buy ? 'Buy' : 'Sell'},${iso(t).slice(0, 19)}Z,${qty},${asset},${total},USD,${price},USD,${fee},USD,${n}`,
    ),
    sums: row => [
      [row['Amount currency']!, row.Amount, either(row.Subtype === 'Buy')],
      [row['Value currency']!, row.Value, either(row.Subtype !== 'Buy')],
      [row['Fee currency']!, row.Fee, -1],
    ],
  },
  kucoin: {
    file: 'kucoin.csv',
    quote: 'USDT',
    header: 'tradeCreatedAt,orderId,symbol,side,price,size,funds,fee,liquidity,feeCurrency,orderType',
    rows: trades(5).map(
      ({ n, t, buy, asset, price, qty, total, fee }) =>
        `${plain(t)},o${n},${asset}-USDT,${buy ? 'buy' : 'sell'},${price},${qty},${total},${fee},taker,${n % 4 === 3 ? 'KCS' : 'USDT'},limit`,
    ),
    sums: row => [
      [row.symbol!.split('-')[0]!, row.size, either(row.side === 'buy')],
      ['USDT', row.funds, either(row.side !== 'buy')],
      [row.feeCurrency!, row.fee, -1],
    ],
  },
  bybit: {
    file: 'bybit.csv',
    quote: 'USDT',
    before: ['UID: 7,Company Name: ,Country:'],
    header:
      'Uid,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,Cash Flow,Change,Wallet Balance,Action,Time(UTC)',
    rows: newestFirst(
      trades(6).flatMap(({ t, buy, asset, price, qty, total }) => {
        const row = (currency: string, amount: string) =>
          `7,${currency},${asset}USDT,TRADE,${buy ? 'BUY' : 'SELL'},${amount},0,${price},0,0,${amount},${amount},0,--,${plain(t)}`
        return [row(asset, `${buy ? '' : '-'}${qty}`), row('USDT', `${buy ? '-' : ''}${total}`)]
      }),
    ),
    sums: row => [[row.Currency!, row.Change]],
  },
  koinly: {
    file: 'koinly.csv',
    quote: 'USD',
    header:
      'Date,Type,Label,Sending Wallet,Sent Amount,Sent Currency,Sent Cost Basis,Receiving Wallet,Received Amount,Received Currency,Received Cost Basis,Fee Amount,Fee Currency,Gain (USD),Net Value (USD),Fee Value (USD),TxSrc,TxDest,TxHash,Description',
    rows: trades(7).map(({ n, t, buy, asset, qty, total, fee }) => {
      const [sent, sentIn, got, gotIn] = buy ? [total, 'USD', qty, asset] : [qty, asset, total, 'USD']
      const feeIn = n % 4 === 3 ? 'BNB' : 'USD'
      const kind = buy ? 'buy' : 'sell'
      return `${plain(t)} UTC,${kind},,Kraken,${sent},${sentIn},,Kraken,${got},${gotIn},,${fee},${feeIn},,${total},,,,,`
    }),
    sums: row => [
      [row['Received Currency']!, row['Received Amount']],
      [row['Sent Currency']!, row['Sent Amount'], -1],
      [row['Fee Currency']!, row['Fee Amount'], -1],
    ],
  },
  cointracking: {
    file: 'cointracking.csv',
    quote: 'USD',
    header: '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"',
    rows: newestFirst(
      trades(8).map(({ t, buy, asset, qty, total }) => {
        const [day, time] = plain(t).split(' ')
        const date = `${day!.split('-').reverse().join('.')} ${time}`
        const [got, gotIn, gave, gaveIn] = buy ? [qty, asset, total, 'USD'] : [total, 'USD', qty, asset]
        return ['Trade', got, gotIn, gave, gaveIn, '', '', 'Kraken', '', '', date].map(field => `"${field}"`).join(',')
      }),
    ),
    sums: row => [
      [row['Cur.']!, row.Buy],
      [row['Cur.2']!, row.Sell, -1],
    ],
  },
  rotki: {
    file: 'rotki.csv',
    quote: 'USD',
    header: 'Location,Spend Currency,Receive Currency,Receive Amount,Spend Amount,Fee,Fee Currency,Description,Timestamp',
    rows: trades(9).map(({ t, buy, asset, qty, total, fee }) => {
      const [got, gotIn, gave, gaveIn] = buy ? [qty, asset, total, 'USD'] : [total, 'USD', qty, asset]
      return `kraken,${gaveIn},${gotIn},${got},${gave},${fee},USD,,${t}`
    }),
    sums: row => [
      [row['Receive Currency']!, row['Receive Amount']],
      [row['Spend Currency']!, row['Spend Amount'], -1],
      [row['Fee Currency']!, row.Fee, -1],
    ],
  },
}

/** Returns the whole text of an export. */
export const textOf = ({ before = [], header, rows }: MakersExport): string => [...before, header, ...rows, ''].join('\n')
