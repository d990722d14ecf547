import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { haveRecordings, recordings } from '../../server/test/recordings.ts'
import { formatDecimal, ONE, parseDecimal, toNumber } from '../lib/decimal.ts'
import { records } from '../test/records.ts'
import type { Method } from './lots.ts'
import { Positions } from './positions.ts'
import { type Transaction, transactionReader } from './transaction.ts'

/**
 * Wallets of the rp2 tax calculator: its transactions, and what it found for each method. Our books are fed with the same
 * transactions, converted as follows, and must find the same, lot for lot.
 *
 * | theirs                        | ours |
 * | ----------------------------- | --- |
 * | IN BUY                        | `buy`, `cost` = what was paid with the fee; the spot price orders hifo and lofo |
 * | IN INTEREST                   | `income` worth what came in with the fee, as theirs counts it |
 * | OUT SELL                      | `sell` at the spot price; a fee in kind is a row `fee` |
 * | OUT GIFT, DONATE              | a gift given away |
 * | INTRA MOVE, what is lost by it | `transfer`, and a row `fee` of what did not arrive |
 */
type Fields = Record<string, string>

const table = (name: string): Fields[] =>
  records(
    readFileSync(join(recordings, 'wallets', name), 'utf8')
      .trimEnd()
      .split(/\r?\n/),
  )

const COLUMNS = ['t', 'type', 'asset', 'qty', 'price', 'cost'] as const
const readRow = transactionReader(COLUMNS)
const row = (fields: Record<(typeof COLUMNS)[number], string>): Transaction => readRow(COLUMNS.map(column => fields[column]))

const minus = (a: string, b: string): string => formatDecimal(parseDecimal(a)! - parseDecimal(b)!)

const converted = (theirs: Fields): Transaction[] => {
  const { timestamp: t, asset, crypto_amount: amount, spot_price: price } = theirs as Record<string, string> & { timestamp: string }
  const common = { t, asset: asset!, price: price!, cost: '' }
  const fee = (qty: string): Transaction[] => (Number(qty) > 0 ? [row({ ...common, type: 'fee', qty })] : [])
  switch (theirs.type) {
    case 'BUY':
      return [row({ ...common, type: 'buy', qty: amount!, cost: theirs.fiat_in_with_fee! })]
    case 'INTEREST':
      return [row({ ...common, type: 'income', qty: amount!, cost: theirs.fiat_in_with_fee! })]
    case 'SELL':
      return [row({ ...common, type: 'sell', qty: amount! }), ...fee(theirs.crypto_fee!)]
    case 'GIFT':
    case 'DONATE':
      return [row({ ...common, type: 'gift', qty: `-${amount}` })]
    case 'MOVE':
      return [row({ ...common, type: 'transfer', qty: amount! }), ...fee(minus(amount!, theirs.crypto_received!))]
    default:
      throw new Error(`no conversion of "${theirs.type}"`)
  }
}

/** What one of their taxable events gained, and which lots it took: time of the purchase → quantity and cost. */
interface Event {
  asset: string
  t: number
  type: string
  spot: number
  gain: number
  qty: number
  lots: Record<string, { qty: number; cost: number }>
}

const addLot = (lots: Event['lots'], t: number, qty: number, cost: number): void => {
  const lot = lots[t] ?? { qty: 0, cost: 0 }
  lots[t] = { qty: lot.qty + qty, cost: lot.cost + cost }
}

const ours = (wallet: string, method: Method) => {
  const rules = { quote: 'USD', method, feesInCost: true, tracksCash: false } as const
  const books = new Positions(rules)
  const purchases = new Positions(rules)
  const events: Event[] = []
  for (const theirs of table(`${wallet}_transactions.csv`)) {
    const rows = converted(theirs)
    const before = { realised: books.realised, income: books.income, expenses: books.expenses }
    const lots: Event['lots'] = {}
    let qty = 0n
    for (const tx of rows) {
      const taken = books.apply(tx, undefined)
      qty += taken?.qty ?? 0n
      for (const part of taken?.lots ?? []) addLot(lots, part.t, toNumber(part.qty), toNumber(part.cost))
      if (tx.type === 'buy' || tx.type === 'income') purchases.apply(tx, undefined)
    }
    const income = books.income - before.income
    if (qty === 0n && income === 0n) continue
    // A fee in kind is no expense to them: of a sale it lessens the proceeds, of a move it is a disposal and nothing else.
    const spent = theirs.type === 'SELL' ? books.expenses - before.expenses : 0n
    const { asset, t, price } = rows[0]!
    const gain = toNumber(books.realised - before.realised + income - spent)
    events.push({ asset, t, type: theirs.type!, spot: toNumber(price!), gain, qty: toNumber(qty || rows[0]!.qty), lots })
  }
  return { books, purchases, events }
}

const theirEvents = (wallet: string, method: Method): Event[] => {
  const events = new Map<string, Event>()
  for (const fields of table(`${wallet}_expected_lots.csv`).filter(f => f.method === method)) {
    const { asset, taxable_timestamp: at, taxable_direction_type: type, taxable_spot_price: spot } = fields as Record<string, string>
    const key = [asset, at, type, spot].join()
    const event: Event = events.get(key) ?? {
      asset: asset!,
      t: Date.parse(at!),
      type: type!.split(' / ')[1]!,
      spot: Number(spot),
      gain: 0,
      qty: 0,
      lots: {},
    }
    events.set(key, event)
    event.gain += Number(fields.capital_gain)
    event.qty += Number(fields.crypto_amount)
    if (fields.lot_timestamp !== '')
      addLot(event.lots, Date.parse(fields.lot_timestamp!), Number(fields.crypto_amount), Number(fields.lot_cost_basis))
  }
  return [...events.values()]
}

/** In one order, and with the digits that a double holds of a sum of such decimals. */
const told = (events: readonly Event[]): string[] =>
  events
    .map(({ asset, t, type, spot, gain, qty, lots }) => {
      const parts = Object.entries(lots).map(([at, lot]) => `${lot.qty.toFixed(9)} of ${at} for ${lot.cost.toFixed(6)}`)
      return [asset, t, type, spot, qty.toFixed(9), gain.toFixed(6), ...parts.sort()].join(' ')
    })
    .sort()

const WALLETS = ['rp2_crypto_example', 'rp2_test_data', 'rp2_test_data2', 'rp2_test_hifo']
const METHODS_OF_THEIRS = ['fifo', 'lifo', 'hifo', 'lofo'] as const
const CASES = WALLETS.flatMap(wallet => METHODS_OF_THEIRS.map(method => ({ wallet, method })))

describe.skipIf(!haveRecordings)('the wallet (the recorded wallets stand beside the project; skipped where they do not)', () => {
  it.each(CASES)('$wallet by $method takes the same lots at the same cost and gains the same', ({ wallet, method }) => {
    const { events, books } = ours(wallet, method)
    expect(events.length).toBeGreaterThanOrEqual(10)
    expect(told(events)).toEqual(told(theirEvents(wallet, method)))
    expect([...books.flaws]).toEqual([])
  })

  it.each(CASES)('$wallet by $method gains as much of each kind in each year', ({ wallet, method }) => {
    const summary = (list: [key: string, gain: number][]): Record<string, string> => {
      const sums: Record<string, number> = {}
      for (const [key, gain] of list) sums[key] = (sums[key] ?? 0) + gain
      return Object.fromEntries(Object.entries(sums).map(([key, gain]) => [key, gain.toFixed(6)]))
    }
    const theirs = table(`${wallet}_expected_gain_summary.csv`).filter(f => f.method === method)
    expect(summary(ours(wallet, method).events.map(e => [`${e.asset} ${new Date(e.t).getUTCFullYear()} ${e.type}`, e.gain]))).toEqual(
      summary(theirs.map(f => [`${f.asset} ${f.year} ${f.transaction_type}`, Number(f.capital_gain)])),
    )
  })

  it.each(CASES)('$wallet by $method ends with the same balances, bought at the same average price', ({ wallet, method }) => {
    const { books, purchases } = ours(wallet, method)
    const balances: Record<string, number> = {}
    for (const f of table(`${wallet}_expected_balances.csv`)) {
      if (f.method === method && f.exchange === 'Total') balances[f.asset!] = (balances[f.asset!] ?? 0) + Number(f.final)
    }
    expect(Object.keys(balances).length).toBeGreaterThan(0)
    for (const [asset, balance] of Object.entries(balances)) expect(toNumber(books.byAsset.get(asset)!.lots.qty)).toBeCloseTo(balance, 12)

    const prices = table(`${wallet}_expected_average_price.csv`).filter(f => f.method === method)
    expect(prices.map(f => f.asset).sort()).toEqual([...purchases.byAsset.keys()].sort())
    for (const { asset, average_price_paid: paid } of prices) {
      const { cost, qty } = purchases.byAsset.get(asset!)!.lots
      expect(toNumber((cost * ONE) / qty)).toBeCloseTo(Number(paid), 9)
    }
  })
})
