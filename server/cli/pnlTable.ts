import type { Json, JsonObject } from '../../streams/wire/mergePatch.ts'

/** Shown for an unknown value. */
const UNKNOWN = '–'
const COLUMNS = ['asset', 'qty', 'price', 'avg', 'value', 'realised', 'unrealised', '%', 'total'] as const

/** How fine figures are written, finest first: places of money, digits of prices and amounts, and how long a name may be. */
const FINENESS = [
  { gap: 2, money: (x: number) => fixed(x, 2), price: (x: number) => price(x, 6), qty: (x: number) => plain(x, 8), places: 2, name: 20 },
  { gap: 1, money: (x: number) => fixed(x, 2), price: (x: number) => price(x, 5), qty: (x: number) => amount(x, 6), places: 2, name: 16 },
  { gap: 1, money: (x: number) => fixed(x, 0), price: (x: number) => price(x, 5), qty: (x: number) => amount(x, 5), places: 1, name: 12 },
  { gap: 1, money: (x: number) => (Math.abs(x) < 0.01 ? '0' : short(x)), price: short, qty: short, places: 1, name: 8 },
] as const
type Fineness = (typeof FINENESS)[number]

/** The state of `pnl:PORTFOLIO` as lines of text for a terminal of `width` columns, its figures as fine as fit into it. */
export const pnlTable = (portfolio: string, state: JsonObject, width: number): string[] => {
  const { quote = '', method = '', stale } = state
  if (method === '') return [`${portfolio}: nothing is known yet`]
  const fits = FINENESS.map(fineness => lines(rowsOf(state, fineness), fineness)).find(all => all.every(line => line.length <= width))
  return [
    `${portfolio}: ${method}, in ${quote}${stale === true ? ', at stale prices' : ''}`,
    '',
    ...(fits ?? lines(rowsOf(state, FINENESS.at(-1)!), FINENESS.at(-1)!)),
    '',
    ...wrapped(footOf(state), width),
    ...Object.entries(objectOf(state.unpriced)).map(([asset, why]) => `! ${asset}: ${why}`),
  ]
}

/** The largest first, what has no value last. */
const rowsOf = (state: JsonObject, { money, price: unit, qty, places, name }: Fineness): string[][] => {
  const unpriced = objectOf(state.unpriced)
  const percent = (gain: number, cost: number): string => {
    const value = (gain / cost) * 100
    return cost > 0 && Math.abs(value) >= 1e3 && places === 1
      ? told(short, value)
      : told(x => fixed(x, places), cost > 0 ? value : Number.NaN)
  }
  const rows = Object.entries(objectOf(state.assets))
    .map(([asset, figures]) => ({ asset, of: numbersOf(objectOf(figures)) }))
    .sort((a, b) => (b.of('value') || 0) - (a.of('value') || 0) || (a.asset < b.asset ? -1 : 1))
    .map(({ asset, of }) => [
      `${asset.length > name ? `${asset.slice(0, name - 1)}…` : asset}${asset in unpriced ? ' !' : ''}`,
      told(qty, of('qty')),
      told(unit, of('price')),
      told(unit, of('avg')),
      ...['value', 'realised', 'unrealised'].map(figure => told(money, of(figure))),
      percent(of('unrealised'), of('cost')),
      told(money, of('realised') + of('unrealised')),
    ])
  const known = objectOf(state.known)
  const incomplete = Object.keys(known).length > 0
  const booked = numbersOf(incomplete ? known : state)
  const alone = (label: string, value: number): string[][] =>
    value === 0 || Number.isNaN(value) ? [] : [[label, ...Array(COLUMNS.length - 2).fill(''), money(value)]]
  const sumsOf = (label: string, sum: (name: string) => number): string[] => [
    ...[label, '', '', ''],
    ...['value', 'realised', 'unrealised'].map(figure => told(money, sum(figure))),
    percent(sum('unrealised'), sum('cost')),
    told(money, sum('total')),
  ]
  return [
    [...COLUMNS],
    ...rows,
    ...alone('income', booked('income')),
    ...alone('expenses', -booked('expenses')),
    ...(incomplete ? [sumsOf('known', booked)] : []),
    sumsOf('total', numbersOf(state)),
  ]
}

const lines = (rows: readonly string[][], { gap }: Fineness): string[] => {
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map(row => row[i]!.length)))
  const text = rows.map(row => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' '.repeat(gap)))
  const rule = '─'.repeat(text[0]!.length)
  return [text[0]!, rule, ...text.slice(1, -1), ...(text.length > 2 ? [rule] : []), text.at(-1)!]
}

const footOf = (state: JsonObject): string[] => {
  const sum = numbersOf(state)
  const fall = numbersOf(objectOf(state.drawdown))
  return [
    `since 00:00 UTC ${told(x => fixed(x, 2), sum('day'))}`,
    `deepest fall ${told(x => fixed(x, 2), fall('abs'))} (${told(x => `${fixed(x * 100, 2)} %`, fall('rel'))})`,
    `fees ${told(x => fixed(x, 2), sum('fees'))}`,
    `flows ${told(x => fixed(x, 2), sum('flows'))}`,
  ]
}

const wrapped = (parts: readonly string[], width: number): string[] => {
  const all: string[] = []
  for (const part of parts) {
    const last = all.at(-1)
    if (last !== undefined && last.length + part.length + 3 <= width) all[all.length - 1] = `${last} · ${part}`
    else all.push(part)
  }
  return all
}

const objectOf = (value: Json | undefined): JsonObject => (typeof value === 'object' && value !== null ? (value as JsonObject) : {})

const numbersOf = (object: JsonObject) => (name: string) => {
  const value = object[name]
  return typeof value === 'number' ? value : Number.NaN
}

const told = (write: (value: number) => string, value: number): string => (Number.isFinite(value) ? write(value) : UNKNOWN)

// ---- Figures

/** 1,234.50; a value that rounds to zero has no sign. */
function fixed(value: number, places: number): string {
  if (Math.abs(value) >= 1e15) return value.toExponential(3)
  const text = value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
  return /^-[0.,]*$/.test(text) ? text.slice(1) : text
}

/** So many digits, but at least two places of what is money. */
function price(value: number, digits: number): string {
  const size = Math.abs(value)
  if (size >= 1) return fixed(value, size >= 10 ** (digits - 2) && digits < 6 ? Math.max(0, digits - 1 - Math.floor(Math.log10(size))) : 2)
  return plain(value, 4)
}

/** Returns a number with this many digits, without trailing zeros. */
function plain(value: number, digits: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1e15 || size < 1e-8) return value.toExponential(Math.max(0, digits - 3))
  return value.toLocaleString('en', { maximumFractionDigits: Math.min(18, Math.max(0, digits - 1 - Math.floor(Math.log10(size)))) })
}

/** As `plain`, but what is large is short. */
function amount(value: number, digits: number): string {
  return Math.abs(value) < 1e6 ? plain(value, digits) : short(value)
}

/** Four digits: 12.35M; of what is next to nothing two. */
function short(value: number): string {
  const size = Math.abs(value)
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(size || 1) / 3)))
  if (size >= 1e16) return value.toExponential(2)
  if (size > 0 && size < 1e-4) return value.toExponential(1)
  return power === 0 ? plain(value, 4) : `${Number((value / 1000 ** power).toPrecision(4))}${['', 'k', 'M', 'B', 'T'][power]}`
}
