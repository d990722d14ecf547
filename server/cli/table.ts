/** A column of a table: its head, and the text of a row's cell. */
export interface Column<T> {
  readonly head: string
  readonly cell: (row: T) => string
  /** Aligned left, as texts are; figures are aligned right. */
  readonly left?: boolean
}

/** Returns rows as a table for a terminal, its columns as wide as their widest cell. */
export const table = <T>(rows: readonly T[], columns: readonly Column<T>[]): string => {
  const widths = columns.map(({ head, cell }) => Math.max(head.length, ...rows.map(row => cell(row).length)))
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => (columns[i]!.left ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ head }) => head)), ...rows.map(row => line(columns.map(({ cell }) => cell(row))))].join('\n')
}
