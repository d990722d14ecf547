import type { Json, JsonObject } from '../../streams/wire/mergePatch.ts'
import { cut, paragraph, visible, widthOf, wrapped } from '../lib/plainText.ts'
import { type Column, type Layout, laid, leftOutNote } from '../lib/textTable.ts'
import { amount, fixed, plain, price, short, shown } from './terminal/figures.ts'

/** The columns, and the order in which a narrow table leaves them out; those without a rank stay. */
const COLUMNS: readonly { readonly head: string; readonly rank?: number }[] = [
  { head: 'asset' },
  { head: 'qty', rank: 2 },
  { head: 'price', rank: 4 },
  { head: 'avg', rank: 6 },
  { head: 'value' },
  { head: 'realised', rank: 5 },
  { head: 'unrealised', rank: 3 },
  { head: '%', rank: 1 },
  { head: 'total' },
]

/** How fine figures are written, finest first: places of money, digits of prices and amounts, and how long a name may be. */
const FINENESS = [
  { gap: 2, money: (x: number) => fixed(x, 2), price: (x: number) => price(x, 6), qty: (x: number) => plain(x, 8), places: 2, name: 20 },
  { gap: 1, money: (x: number) => fixed(x, 2), price: (x: number) => price(x, 5), qty: (x: number) => amount(x, 6), places: 2, name: 16 },
  { gap: 1, money: (x: number) => fixed(x, 0), price: (x: number) => price(x, 5), qty: (x: number) => amount(x, 5), places: 1, name: 12 },
  { gap: 1, money: (x: number) => (Math.abs(x) < 0.01 ? '0' : short(x)), price: short, qty: short, places: 1, name: 8 },
] as const
type Fineness = (typeof FINENESS)[number]
const COARSEST = FINENESS.at(-1)!

/** The state of `pnl:PORTFOLIO` as lines of text for a terminal of `width` columns, its figures as fine as fit into it. */
export const pnlTable = (portfolio: string, state: JsonObject, width: number): string[] => {
  const { quote = '', method = '', stale } = state
  if (method === '') return [`${portfolio}: nothing is known yet`]
  const fits = FINENESS.map(fineness => lines(rowsOf(state, fineness), { gap: fineness.gap })).find(all =>
    all.every(line => widthOf(line) <= width),
  )
  const unpriced = Object.entries(objectOf(state.unpriced)).flatMap(([asset, why]) =>
    paragraph(`! ${asset}: ${visible(String(why))}`, width),
  )
  return [
    cut(`${portfolio}: ${method}, in ${quote}${stale === true ? ', at stale prices' : ''}`, width),
    '',
    ...(fits ?? lines(rowsOf(state, COARSEST), { gap: COARSEST.gap, width })),
    '',
    ...wrapped(footOf(state), width),
    ...unpriced,
  ]
}

/** The largest first, what has no value last. */
const rowsOf = (state: JsonObject, { money, price: unit, qty, places, name }: Fineness): string[][] => {
  const unpriced = objectOf(state.unpriced)
  const percent = (gain: number, cost: number): string => {
    const value = (gain / cost) * 100
    return cost > 0 && Math.abs(value) >= 1e3 && places === 1
      ? shown(short, value)
      : shown(x => fixed(x, places), cost > 0 ? value : Number.NaN)
  }
  const rows = Object.entries(objectOf(state.assets))
    .map(([asset, figures]) => ({ asset, of: numbersOf(objectOf(figures)) }))
    .sort((a, b) => (b.of('value') || 0) - (a.of('value') || 0) || (a.asset < b.asset ? -1 : 1))
    .map(({ asset, of }) => [
      `${asset.length > name ? `${asset.slice(0, name - 1)}…` : asset}${asset in unpriced ? ' !' : ''}`,
      shown(qty, of('qty')),
      shown(unit, of('price')),
      shown(unit, of('avg')),
      ...['value', 'realised', 'unrealised'].map(figure => shown(money, of(figure))),
      percent(of('unrealised'), of('cost')),
      shown(money, of('realised') + of('unrealised')),
    ])
  const known = objectOf(state.known)
  const incomplete = Object.keys(known).length > 0
  const booked = numbersOf(incomplete ? known : state)
  const alone = (label: string, value: number): string[][] =>
    value === 0 || Number.isNaN(value) ? [] : [[label, ...Array(COLUMNS.length - 2).fill(''), money(value)]]
  const sumsOf = (label: string, sum: (name: string) => number): string[] => [
    ...[label, '', '', ''],
    ...['value', 'realised', 'unrealised'].map(figure => shown(money, sum(figure))),
    percent(sum('unrealised'), sum('cost')),
    shown(money, sum('total')),
  ]
  return [
    ...rows,
    ...alone('income', booked('income')),
    ...alone('expenses', -booked('expenses')),
    ...(incomplete ? [sumsOf('known', booked)] : []),
    sumsOf('total', numbersOf(state)),
  ]
}

/** The lines of the table, with a rule beneath the heads and one above the sums, and the columns for which there is no room. */
const lines = (rows: readonly string[][], layout: Layout): string[] => {
  const columns = COLUMNS.map(
    ({ head, rank }, i): Column<string[]> => ({
      head,
      cell: row => row[i]!,
      left: i === 0,
      ...(rank !== undefined && { rank }),
      ...(i === 0 && { least: 4 }),
    }),
  )
  const { lines: all, leftOut } = laid(rows, columns, layout)
  const rule = '─'.repeat(Math.max(...all.map(widthOf)))
  return [all[0]!, rule, ...all.slice(1, -1), ...(rows.length > 1 ? [rule] : []), all.at(-1)!, ...leftOutNote(leftOut, layout.width)]
}

const footOf = (state: JsonObject): string[] => {
  const sum = numbersOf(state)
  const fall = numbersOf(objectOf(state.drawdown))
  return [
    `since 00:00 UTC ${shown(x => fixed(x, 2), sum('day'))}`,
    `deepest fall ${shown(x => fixed(x, 2), fall('abs'))} (${shown(x => `${fixed(x * 100, 2)} %`, fall('rel'))})`,
    `fees ${shown(x => fixed(x, 2), sum('fees'))}`,
    `flows ${shown(x => fixed(x, 2), sum('flows'))}`,
  ]
}

const objectOf = (value: Json | undefined): JsonObject => (typeof value === 'object' && value !== null ? (value as JsonObject) : {})

const numbersOf = (object: JsonObject) => (name: string) => {
  const value = object[name]
  return typeof value === 'number' ? value : Number.NaN
}
