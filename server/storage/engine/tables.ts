import { TEXT, TIME } from '../../../streams/measures/fields.ts'
import { MEASURES } from '../../../streams/measures/rows.ts'
import type { Column } from './rowBinary.ts'

export { TEXT, TIME }

/** The tables of measures. */
export const MEASURE_TABLE_NAMES = Object.values(MEASURES).map(({ table }) => table)
/** The tables that the sink writes; `candles` follows from `ticks` by a view. */
export const TABLES = ['ticks', ...MEASURE_TABLE_NAMES] as const
/** The name of a table that the sink writes. */
export type TableName = (typeof TABLES)[number]

/** A table's rows as they are sent, without the column `stored`, which the engine fills in itself. */
export interface Table<Name extends string = TableName> {
  readonly name: Name
  /** Those before `t` name the stream that a row belongs to. */
  readonly columns: readonly Column[]
  /** How many of the first columns make two rows the same row. */
  readonly identity: number
}

/** The type of a trade's side, as `SIDES` of the streams numbers it. */
export const SIDE = "Enum8('' = 0, 'buy' = 1, 'sell' = 2)"

/** The table of ticks: one row a trade or candle. A second row of the same source, time and id is the same tick. */
export const TICKS: Table = {
  name: 'ticks',
  columns: [
    { name: 'symbol', type: TEXT },
    { name: 'src', type: TEXT },
    { name: 't', type: TIME },
    { name: 'id', type: 'String' },
    { name: 'price', type: 'Float64' },
    { name: 'size', type: 'Float64' },
    { name: 'side', type: SIDE },
    { name: 'span', type: 'UInt32' },
    { name: 'open', type: 'Float64' },
    { name: 'high', type: 'Float64' },
    { name: 'low', type: 'Float64' },
    { name: 'frame', type: TIME },
    { name: 'row', type: 'UInt32' },
  ],
  identity: 4,
}

/** Returns the column of a row's member: `drawdownAbs` → `drawdown_abs`. */
export const columnName = (member: string): string => member.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

/** Returns how many columns stand before `t`. */
export const streamColumns = (table: Table): number => table.columns.findIndex(column => column.name === 't')

/** Returns the column list of an INSERT or SELECT. */
export const columnList = (columns: readonly Column[]): string => columns.map(column => `\`${column.name}\``).join(', ')
