import type { Json, JsonObject } from '../../../streams/wire/mergePatch.ts'
import { eachLeaf } from '../../../streams/wire/statePath.ts'

/** Rows by columns: the path of a member → its value in each row, null where a row does not have it. */
export type Columns = Record<string, (Json | null)[]>

/** Puts rows into columns: those named, in this order, then whatever else the rows have, in the order in which it appears. */
export const columnsOf = (rows: readonly JsonObject[], names: readonly string[]): Columns => {
  const columns = new Map<string, (Json | null)[]>()
  const column = (name: string): (Json | null)[] => {
    const values = new Array<Json | null>(rows.length).fill(null)
    columns.set(name, values)
    return values
  }
  for (const name of names) column(name)
  for (const [i, row] of rows.entries())
    eachLeaf(row, (name, value) => {
      const values = columns.get(name) ?? column(name)
      values[i] = value
    })
  return Object.fromEntries(columns)
}
