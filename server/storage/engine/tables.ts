import type { Column } from './rowBinary.ts'

/** The tables that the sink writes; `candles` follows from `ticks` by a view. */
export const TABLES = ['ticks', 'pnl', 'funds', 'pools'] as const
export type TableName = (typeof TABLES)[number]

/** A table's rows as they are sent: what the engine fills in itself (`stored`) is left out. */
export interface Table {
  readonly name: TableName
  /** What stands before `t` names the stream a row belongs to. */
  readonly columns: readonly Column[]
  /** How many of the first columns tell that a row is already there. */
  readonly identity: number
}

export const TEXT = 'LowCardinality(String)'
export const TIME = "DateTime64(3, 'UTC')"
export const SIDE = "Enum8('' = 0, 'buy' = 1, 'sell' = 2)"

/** One row a trade or candle. A second row of the same source, time and id is the same tick. */
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

/** Columns up to and without `t`. */
export const streamColumns = (table: Table): number => table.columns.findIndex(column => column.name === 't')

/** The column list of an INSERT or SELECT. */
export const columnList = (columns: readonly Column[]): string => columns.map(column => `\`${column.name}\``).join(', ')
