import { cut, cutBefore, padded, paragraph, UNKNOWN, visible, widthOf } from './plainText.ts'

/** A column of a table: its head, and the text of a row's cell. */
export interface Column<T> {
  /** With the unit, if there is one. */
  readonly head: string
  /** Undefined if it is unknown. */
  readonly cell: (row: T) => string | undefined
  /** Aligned left, as texts are; figures are aligned right. */
  readonly left?: boolean
  /** The higher, the sooner it is left out of a narrow table; columns of one rank go together, as a low and its high. Without a rank it stays. */
  readonly rank?: number
  /** A narrow table may cut its texts down to this many columns. */
  readonly least?: number
  /** Its texts are cut at their beginning: of a time the end says more. */
  readonly keepsEnd?: boolean
  /** How a cell looks, if the terminal has colours; `text` is filled to its width. */
  readonly paint?: (row: T, text: string) => string
}

/** How a table is laid out. */
export interface Layout {
  /** Columns of the terminal; no line is longer. */
  readonly width?: number
  /** Spaces between columns. */
  readonly gap?: number
  /** How the heads look. */
  readonly head?: (line: string) => string
}

/** The lines of a table, its heads first, and the heads of the columns for which there was no room. */
export interface Laid {
  readonly lines: readonly string[]
  readonly leftOut: readonly string[]
}

/**
 * Lays rows out as a table whose columns are as wide as their widest cell. If it is too wide, texts that may be cut are cut, then columns are
 * left out, those of the highest rank first. No line is longer than the width.
 */
export const laid = <T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  { width = Number.POSITIVE_INFINITY, gap = 2, head }: Layout,
): Laid => {
  const cells = columns.map(column => rows.map(row => visible(String(column.cell(row) ?? UNKNOWN))))
  const natural = columns.map(({ head: title }, i) => Math.max(widthOf(title), ...maximaOf(cells[i]!)))
  const least = columns.map(({ least: cutTo }, i) => Math.min(natural[i]!, cutTo ?? natural[i]!))
  const kept = new Set(columns.keys())
  const sum = (widths: readonly number[]): number => [...kept].reduce((all, i) => all + widths[i]! + gap, -gap)
  while (sum(least) > width) {
    const highest = Math.max(...[...kept].map(i => columns[i]!.rank ?? Number.NEGATIVE_INFINITY))
    if (highest === Number.NEGATIVE_INFINITY) break
    for (const i of [...kept]) if (columns[i]!.rank === highest) kept.delete(i)
  }
  const widths = narrowed(natural, least, kept, Number.isFinite(width) ? sum(natural) - width : 0)
  const line = (texts: readonly string[], paint?: (i: number, text: string) => string): string => {
    const shown = [...kept].map(i => {
      const { left = false, keepsEnd = false } = columns[i]!
      const text = padded((keepsEnd ? cutBefore : cut)(texts[i]!, widths[i]!), widths[i]!, left)
      return paint === undefined ? text : paint(i, text)
    })
    return shown.join(' '.repeat(gap)).trimEnd()
  }
  const heads = cut(line(columns.map(({ head: title }) => title)), width)
  const body = rows.map((row, at) => {
    const texts = cells.map(column => column[at]!)
    // Where not even the columns that stay have room, the line is cut, and colours would be cut with it.
    return sum(widths) > width ? cut(line(texts), width) : line(texts, (i, text) => columns[i]!.paint?.(row, text) ?? text)
  })
  return {
    lines: [head === undefined ? heads : head(heads), ...body],
    leftOut: columns.filter((_, i) => !kept.has(i)).map(({ head: title }) => title),
  }
}

/** Returns a table, and beneath it which columns a narrow terminal leaves out. */
export const table = <T>(rows: readonly T[], columns: readonly Column<T>[], layout: Layout = {}): string => {
  const { lines, leftOut } = laid(rows, columns, layout)
  return [...lines, ...leftOutNote(leftOut, layout.width)].join('\n')
}

/** Returns the lines that say which columns a table leaves out. */
export const leftOutNote = (leftOut: readonly string[], width = Number.POSITIVE_INFINITY): string[] =>
  leftOut.length === 0 ? [] : paragraph(`not shown: ${leftOut.join(', ')}`, width)

/** Of long columns: a spread would have too many arguments. */
const maximaOf = (texts: readonly string[]): number[] => [texts.reduce((most, text) => Math.max(most, widthOf(text)), 0)]

/** Takes `excess` from the columns that may be cut, from the widest first. */
const narrowed = (natural: readonly number[], least: readonly number[], kept: ReadonlySet<number>, excess: number): number[] => {
  const widths = [...natural]
  for (let left = excess; left > 0; left--) {
    let widest = -1
    for (const i of kept) if (widths[i]! > least[i]! && (widest < 0 || widths[i]! > widths[widest]!)) widest = i
    if (widest < 0) break
    widths[widest]! -= 1
  }
  return widths
}
