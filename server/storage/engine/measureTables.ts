import type { AssetList, Entry, Group, Measure, Notes } from '../../../streams/measures/fields.ts'
import { MEASURES, type MeasureKind, type MeasureRow } from '../../../streams/measures/rows.ts'
import { type Codec, type Column, codecOf, type RowReader, type RowWriter } from './rowBinary.ts'
import { columnName, type Table, type TableName, TEXT, TICKS, TIME } from './tables.ts'

/** The table of a measure, and its rows as they are sent and read. */
export interface MeasureTable<R extends MeasureRow = MeasureRow> extends Table {
  /** Writes a row. Throws a RangeError, and writes nothing, if a column cannot hold its value. */
  write(out: RowWriter, row: R): void
  /** Reads one row. */
  read(input: RowReader): R
}

/** One column: how its value is taken out of a row, and how it is put into the row that is being read. */
interface Part {
  readonly column: Column
  readonly codec: Codec<unknown>
  of(row: Members): unknown
  into(row: Members, value: unknown): void
}
type Members = Record<string, unknown>

const part = (name: string, type: string, of: Part['of'], into: Part['into']): Part => ({
  column: { name, type },
  codec: codecOf(type),
  of,
  into,
})

const plain = (member: string, type: string): Part =>
  part(
    columnName(member),
    type,
    row => row[member],
    (row, value) => {
      row[member] = value
    },
  )

/** The elements of a list, member by member, in parallel arrays. `empty` makes an element that is being read. */
const parallel = (member: string, inner: string | number, name: string, type: string, empty: () => unknown): Part =>
  part(
    `${columnName(member)}.${name}`,
    `Array(${type})`,
    row => (row[member] as Members[]).map(element => element[inner]),
    (row, values) => {
      row[member] ??= (values as unknown[]).map(empty)
      ;(values as unknown[]).forEach((value, i) => {
        ;(row[member] as Members[])[i]![inner] = value
      })
    },
  )

const listParts = ({ member, fields }: AssetList): Part[] => [
  parallel(member, 'asset', 'asset', TEXT, () => ({})),
  ...fields.map(field => parallel(member, field.member, columnName(field.member), field.type.column, () => ({}))),
]

const noteParts = ({ member, fixed }: Notes): Part[] =>
  fixed === undefined
    ? [parallel(member, 0, 'asset', TEXT, () => []), parallel(member, 1, 'why', TEXT, () => [])]
    : [plain(member, `Array(${TEXT})`)]

/** The columns of a group stand beside the others. The first one says whether a row has the group. */
const groupParts = ({ member, fields }: Group): Part[] =>
  fields.map((field, i) =>
    part(
      columnName(field.member),
      field.type.column,
      row => (row[member] as Members | undefined)?.[field.member],
      (row, value) => {
        if (i === 0 && value !== undefined) row[member] = {}
        if (row[member]) (row[member] as Members)[field.member] = value
      },
    ),
  )

const partsOf = (entry: Entry): Part[] => {
  switch (entry.form) {
    case 'field':
    case 'kept':
      return [plain(entry.member, entry.type.column)]
    case 'list':
      return listParts(entry)
    case 'notes':
      return noteParts(entry)
    case 'group':
      return groupParts(entry)
    case 'shown':
    case 'place':
      return []
  }
}

const measureTable = ({ kind, table, entries }: Measure<MeasureKind, TableName>): MeasureTable => {
  const parts = [plain('id', TEXT), plain('t', TIME), ...entries.flatMap(partsOf)]
  return {
    name: table,
    columns: parts.map(({ column }) => column),
    identity: parts.length,
    write(out, row) {
      const before = out.length
      try {
        for (const { codec, of } of parts) codec.write(out, of(row as unknown as Members))
      } catch (error) {
        out.length = before
        throw error
      }
    },
    read(input) {
      const row: Members = { kind }
      for (const { codec, into } of parts) into(row, codec.read(input))
      return row as unknown as MeasureRow
    },
  }
}

/** The table of each measure. */
export const MEASURE_TABLES = Object.fromEntries(
  Object.values(MEASURES).map(measure => [measure.kind, measureTable(measure)]),
) as unknown as { readonly [K in MeasureKind]: MeasureTable<Extract<MeasureRow, { readonly kind: K }>> }

/** Returns the table of a measure's rows. */
export const measureTableOf = (kind: MeasureKind): MeasureTable => MEASURE_TABLES[kind] as MeasureTable

const BY_NAME = new Map<TableName, Table>([TICKS, ...Object.values<Table>(MEASURE_TABLES)].map(table => [table.name, table]))

/** Returns the table of this name. */
export const tableOf = (name: TableName): Table => BY_NAME.get(name)!
