/** Which rows of a long table stand in the document, and in which of the row elements. */

/** Rows of the document. */
export interface Window {
  readonly first: number
  readonly count: number
}

/** Returns the rows that a view of `height` px shows at `top`, one more on each side. */
export const windowOf = (rows: number, rowHeight: number, top: number, height: number): Window => {
  const count = Math.min(rows, Math.ceil(height / rowHeight) + 2)
  const first = Math.max(0, Math.min(rows - count, Math.floor(top / rowHeight) - 1))
  return { first, count }
}

/** Returns the indices of the window's rows, each at the place of its element: a row keeps its element while it is on the screen. */
export const slotsOf = ({ first, count }: Window): number[] => {
  const slots = new Array<number>(count)
  for (let i = first; i < first + count; i++) slots[i % count] = i
  return slots
}
