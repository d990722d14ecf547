import type { TableName } from '../engine/tables.ts'

/** Rows by table. */
export type RowCounts = Record<TableName, number>

export const noRows = (): RowCounts => ({ ticks: 0, pnl: 0, funds: 0, pools: 0 })
