import { NAME } from '../../streams/lib/names.ts'
import { timeOf } from '../../streams/lib/time.ts'
import { type AssetEvent, assetEvent, BadEvent } from '../../streams/market/assetEvent.ts'
import { explain } from '../../streams/wire/explain.ts'
import { SUPPLY } from '../../streams/wire/requests.ts'
import { CsvReader, csvHeader, linesOf, misfit } from '../lib/csv.ts'

/** A row of a table of facts about assets. Its number is its line; in a list its position, from 1. */
export interface FactRow<T> {
  readonly row: number
  readonly value: T
}

/** A row that cannot be read, and why. */
export interface BadRow {
  readonly row: number
  readonly why: string
}

/** The rows of a table. */
export interface FactTable<T> {
  readonly good: readonly FactRow<T>[]
  readonly bad: readonly BadRow[]
}

/** A circulating supply of a file; without a time it counts from when it is sent. */
export interface FileSupply {
  /** ms. */
  readonly t: number | undefined
  readonly asset: string
  /** 10⁻¹⁸. */
  readonly supply: bigint
}

/** Says that a text is no such table. */
export class NoTable extends Error {}

/** Characters of what is found that an error repeats. */
const FOUND_MAX = 80

/** Reads CSV that has these columns, in any order, and perhaps others. Throws NoTable for anything else. */
const rowsOf = <T>(text: string, required: readonly string[], read: (field: (name: string) => string | undefined) => T): FactTable<T> => {
  const lines = linesOf(text)
  const first = lines.findIndex(line => line.trim() !== '')
  if (first < 0) throw new NoTable(`found nothing, expected CSV with the columns ${required.join(',')}`)
  const header = csvHeader(lines[first]!)
  if (!required.every(name => header.names.includes(name)))
    throw new NoTable(`found "${lines[first]!.slice(0, FOUND_MAX)}", expected CSV with the columns ${required.join(',')}`)
  const good: FactRow<T>[] = []
  const bad: BadRow[] = []
  const reader = new CsvReader(header.delimiter)
  for (const row of [...reader.read(first + 2, lines.slice(first + 1)), ...reader.end()]) {
    const why = misfit(row, header)
    try {
      if (why !== undefined) throw new BadEvent(why)
      const field = (name: string): string | undefined => row.fields[header.names.indexOf(name)]?.trim()
      good.push({ row: row.line, value: read(field) })
    } catch (error) {
      bad.push({ row: row.line, why: whyOf(error) })
    }
  }
  return { good, bad }
}

const whyOf = (error: unknown): string => {
  if (!(error instanceof BadEvent)) throw error
  return error.message
}

const timeIn = (text: string): number | undefined => {
  const t = timeOf(text)
  return Number.isNaN(t) ? undefined : t
}

/** Reads events out of CSV: `t,asset,kind` and perhaps `ratio,to`. Throws NoTable. */
export const eventsOfCsv = (text: string): FactTable<AssetEvent> =>
  rowsOf(text, ['t', 'asset', 'kind'], field =>
    assetEvent(timeIn(field('t')!), field('asset')!, field('kind')!, field('ratio') ?? '', field('to') ?? ''),
  )

/** Reads events out of a list of objects. */
export const eventsOfList = (list: readonly unknown[]): FactTable<AssetEvent> => {
  const good: FactRow<AssetEvent>[] = []
  const bad: BadRow[] = []
  for (const [i, value] of list.entries()) {
    try {
      good.push({ row: i + 1, value: eventOfObject(value) })
    } catch (error) {
      bad.push({ row: i + 1, why: whyOf(error) })
    }
  }
  return { good, bad }
}

const MEMBERS = ['t', 'asset', 'kind', 'ratio', 'to'] as const

const eventOfObject = (value: unknown): AssetEvent => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadEvent('expected an object')
  const members = value as Readonly<Record<string, unknown>>
  const unknown = Object.keys(members).find(name => !(MEMBERS as readonly string[]).includes(name))
  if (unknown !== undefined) throw new BadEvent(`found "${unknown}", expected no other members than ${MEMBERS.join(', ')}`)
  const text = (name: (typeof MEMBERS)[number]): string => {
    const member = members[name] ?? ''
    if (typeof member === 'string') return member
    if (typeof member === 'number' && (name === 't' || name === 'ratio')) return String(member)
    throw new BadEvent(`${name}: found ${JSON.stringify(member)}, expected a string`)
  }
  return assetEvent(timeIn(text('t')), text('asset'), text('kind'), text('ratio'), text('to'))
}

/** Reads supplies out of CSV: `asset,supply` and perhaps `t`. Without times each asset may stand there once. Throws NoTable. */
export const suppliesOfCsv = (text: string): FactTable<FileSupply> => {
  const seen = new Set<string>()
  return rowsOf(text, ['asset', 'supply'], field => {
    const [asset, time] = [field('asset')!, field('t')]
    const read = SUPPLY.safeParse(field('supply'), { reportInput: true })
    const t = time === undefined ? undefined : timeIn(time)
    if (!NAME.test(asset)) throw new BadEvent(`asset: found "${asset}", expected a name such as BTC`)
    if (!read.success) throw new BadEvent(explain(read.error, 'supply'))
    if (time !== undefined && t === undefined) throw new BadEvent(`t: found "${time}", expected ms since the epoch or an ISO 8601 time`)
    if (time === undefined && seen.has(asset))
      throw new BadEvent(`asset: found "${asset}" a second time, expected each once, or a column t`)
    seen.add(asset)
    return { t, asset, supply: read.data }
  })
}
