import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import { ROWS_A_TURN, yieldTurn } from '../../lib/yieldTurn.ts'
import type { RowReader } from '../engine/rowBinary.ts'

/** Rows of one answer, oldest first; `next` is the cursor of the next page, if there is one. */
export interface HistoryPage {
  readonly rows: JsonObject[]
  readonly next?: string
}

/** A row as the client gets it, and the cursor of a page that ends with it. */
export interface Placed {
  readonly row: JsonObject
  readonly cursor: () => string
}

/** Reads at most `limit` rows. One more row in the input shows that there is a next page. */
export const readPage = async (input: RowReader, limit: number, read: (input: RowReader) => Placed): Promise<HistoryPage> => {
  const rows: JsonObject[] = []
  let last: Placed | undefined
  while (!input.ended) {
    if (rows.length === limit) return { rows, next: last!.cursor() }
    last = read(input)
    rows.push(last.row)
    if (rows.length % ROWS_A_TURN === 0) await yieldTurn()
  }
  return { rows }
}
