import type { ReadonlySignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { Shown } from '../live/channels.ts'
import type { Text } from './figure.tsx'

/** A column of a table: its head, its fixed width, its text. */
export interface Column<Row, State = undefined> {
  readonly key: string
  readonly head: string
  /** The head is read aloud only. */
  readonly headHidden?: true
  /** px at least; what is left over is shared in proportion, but not with `fixed` columns. */
  readonly width: number
  readonly fixed?: true
  readonly align?: 'left'
  /** Text of a row; of a live table with the state of the row's channel. */
  readonly show: (row: Row, state: State | undefined) => string | Text
  /** Drawn in the cell in place of a text; its figures stand as text in other columns. */
  readonly part?: (row: Row, shown: ReadonlySignal<Shown<State> | undefined>) => ComponentChildren
  /** What the column is sorted by; a column without it cannot be. */
  readonly order?: (row: Row, state: State | undefined) => number | string | undefined
  /** For a file: the value with all its digits; otherwise the text that is shown. */
  readonly raw?: (row: Row, state: State | undefined) => number | string | undefined
  /** The row's name: one column has it. */
  readonly heading?: true
}

/** How a table is sorted. */
export interface Sort {
  readonly key: string
  readonly down: boolean
}

/** Reads `change` or `-change` (downwards). */
export const sortOf = (text: string | null): Sort | undefined =>
  text ? { key: text.replace(/^-/, ''), down: text.startsWith('-') } : undefined

/** Writes what `sortOf` reads. */
export const sortText = (sort: Sort | undefined): string | undefined => sort && `${sort.down ? '-' : ''}${sort.key}`

/** Returns the next sorting after a click on a head: downwards, upwards, none. */
export const nextSort = (before: Sort | undefined, key: string): Sort | undefined => {
  if (before?.key !== key) return { key, down: true }
  return before.down ? { key, down: false } : undefined
}

/** Returns the order of two values; what is not known stands last, either way. */
export const compare = (a: number | string | undefined, b: number | string | undefined, down: boolean): number => {
  const [unknownA, unknownB] = [a === undefined || Number.isNaN(a), b === undefined || Number.isNaN(b)]
  if (unknownA || unknownB) return Number(unknownA) - Number(unknownB)
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true })
  return down ? -order : order
}

/** Returns rows in their order. Rows that are equal stay as they were. */
export const sorted = <Row, State>(
  rows: readonly Row[],
  columns: readonly Column<Row, State>[],
  sort: Sort | undefined,
  stateOf: (row: Row) => State | undefined,
): readonly Row[] => {
  const by = sort && columns.find(({ key }) => key === sort.key)?.order
  if (!sort || !by) return rows
  return rows
    .map(row => ({ row, value: by(row, stateOf(row)) }))
    .sort((a, b) => compare(a.value, b.value, sort.down))
    .map(({ row }) => row)
}
