import { TABLES, type TableName } from '../engine/tables.ts'

/** Rows by table. */
export type RowCounts = Record<TableName, number>

const countsBy = (count: (table: TableName) => number): RowCounts =>
  Object.fromEntries(TABLES.map(table => [table, count(table)])) as RowCounts

/** Returns zero for every table. */
export const noRows = (): RowCounts => countsBy(() => 0)

/** Returns the sum of two counts, table by table. */
export const sumOf = (a: RowCounts, b: RowCounts): RowCounts => countsBy(table => a[table] + b[table])
