import { parseNumber } from '../../streams/lib/decimal.ts'
import { isTime } from '../../streams/market/ticks.ts'
import { BadRow } from '../../streams/pnl/transaction.ts'
import { exportTime } from './exportTime.ts'
import { type NumberStyle, plainNumber } from './numberStyle.ts'

/** What stands for nothing in exports. */
const NOTHING: ReadonlySet<string> = new Set(['', '-', '--', 'N/A', 'n/a', 'null', 'None'])

/** A column of a file. */
interface Column {
  readonly place: number
  /** What stands in parentheses at the end of its name: "USD" of "Net Value (USD)", "UTC+08:00" of "Time(UTC+08:00)". */
  readonly note: string
}

/** Columns of a file by their names, without regard to case. */
export type Columns = ReadonlyMap<string, Column>

/**
 * Returns columns by their names. A name with a note can also be had without it. Of columns with one name the second is called "NAME 2", and so
 * on: some exports have "Cur." three times.
 */
export const columnsOf = (names: readonly string[]): Columns => {
  const columns = new Map<string, Column>()
  for (const [place, text] of names.entries()) {
    const name = text.trim().toLowerCase()
    const [, bare = name, note = ''] = /^(.*?)\s*\(([^()]*)\)$/.exec(text.trim()) ?? []
    const column = { place, note }
    for (const key of new Set([name, bare.trim().toLowerCase()])) {
      let free = key
      for (let n = 2; columns.has(free); n++) free = `${key} ${n}`
      columns.set(free, column)
    }
  }
  return columns
}

/** A row of an export, its fields read by the names of their columns. If several names are given, the first column that is there counts. */
export class TableRow {
  /** Of the file, from 1 on. */
  readonly line: number
  readonly fields: readonly string[]
  private readonly columns: Columns
  private readonly style: NumberStyle

  constructor(line: number, fields: readonly string[], columns: Columns, style: NumberStyle) {
    this.line = line
    this.fields = fields
    this.columns = columns
    this.style = style
  }

  /** Whether the file has such a column. */
  has(name: string): boolean {
    return this.columns.has(name.toLowerCase())
  }

  /** Returns what stands in a column; '' if nothing does, or there is no such column. */
  text(...names: readonly string[]): string {
    const name = names.find(n => this.has(n))
    const text = name === undefined ? '' : (this.fields[this.columns.get(name.toLowerCase())!.place] ?? '').trim()
    return NOTHING.has(text) ? '' : text
  }

  /** Returns a number, 10⁻¹⁸; undefined if none stands there. Throws BadRow if it cannot be read. */
  amount(...names: readonly string[]): bigint | undefined {
    const text = this.text(...names)
    if (text === '') return undefined
    const value = this.number(text)
    if (value === undefined) throw this.bad(names[0]!, text, 'a number with at most 18 places')
    return value
  }

  /** Returns a number, 10⁻¹⁸, or what stands there if it is none; '' if nothing does. */
  amountOrText(name: string): bigint | string {
    const text = this.text(name)
    return (text === '' ? undefined : this.number(text)) ?? text
  }

  /** Returns a number that has to be there. Throws BadRow if it is not. */
  required(...names: readonly string[]): bigint {
    const value = this.amount(...names)
    if (value === undefined) throw this.bad(names[0]!, '', 'a number')
    return value
  }

  /** Returns an amount with its currency before or behind it ("0.05BTC", "$1,234.50"), the number and the rest. Throws BadRow if it has no number. */
  withUnit(...names: readonly string[]): { readonly amount: bigint; readonly unit: string } | undefined {
    const text = this.text(...names)
    if (text === '') return undefined
    const [, sign, before = '', digits = '', behind = ''] = /^([+-]?)([^\d.,+-]*)([\d.,]+(?:[eE][+-]?\d+)?)\s*(\S*)$/.exec(text) ?? []
    const value = this.number(digits)
    if (value === undefined || (before !== '' && behind !== '')) throw this.bad(names[0]!, text, 'an amount with its currency')
    return { amount: sign === '-' ? -value : value, unit: before.trim() || behind }
  }

  /** Returns what stands in parentheses behind the name of a column; '' if nothing does. */
  note(name: string): string {
    return this.columns.get(name.toLowerCase())?.note ?? ''
  }

  /** Returns the number in front of a unit ("10.5" of "10.51INCH" and "1INCH"). Throws BadRow if there is none. */
  amountBefore(name: string, unit: string): bigint {
    const text = this.text(name)
    const value = text.endsWith(unit) ? this.number(text.slice(0, text.length - unit.length).trim()) : undefined
    if (value === undefined) throw this.bad(name, text, `an amount of ${unit}`)
    return value
  }

  /** Returns the number in a text, 10⁻¹⁸; undefined if it is none. */
  numberIn(text: string): bigint | undefined {
    return this.number(text.replace(/\.$/, ''))
  }

  /** Returns what stands in front of a column's name ("USD" of "USD Subtotal"); '' if there is no such column. */
  prefixOf(name: string): string {
    const end = ` ${name.toLowerCase()}`
    const found = [...this.columns.keys()].find(key => key.endsWith(end))
    return found === undefined ? '' : found.slice(0, -end.length).toUpperCase()
  }

  /** Returns a time, ms: UTC, unless it or the name of its column says otherwise. Throws BadRow if it is none. */
  time(...names: readonly string[]): number {
    const text = this.text(...names)
    const t = exportTime(text, this.note(names.find(name => this.has(name)) ?? ''))
    if (!isTime(t)) throw this.bad(names[0]!, text, 'a time, not before 2009')
    return t
  }

  /** Returns why a field cannot be read. */
  bad(name: string, found: string, expected: string): BadRow {
    return new BadRow(`${name}: found "${found}", expected ${expected}`)
  }

  private number(text: string): bigint | undefined {
    const plain = plainNumber(text, this.style)
    return plain === undefined ? undefined : parseNumber(plain)
  }
}
