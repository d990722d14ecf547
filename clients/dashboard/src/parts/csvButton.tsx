import { csvOf, type Value } from '../format/csv.ts'
import { stamp } from '../format/time.ts'
import type { Column } from './columns.ts'

/** Gives the browser a file to keep. */
const keepFile = (name: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** A button that gives a file of what `rows` returns at that moment. */
export const FileButton = ({
  label,
  heads,
  rows,
}: {
  label: string
  heads: readonly string[]
  rows: () => readonly (readonly Value[])[]
}) => (
  <button
    type="button"
    class="tool"
    aria-label={`CSV of ${label}`}
    onClick={() => keepFile(`${label.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${stamp(Date.now())}.csv`, csvOf(heads, rows()))}
  >
    CSV
  </button>
)

interface CsvProps<Row, State> {
  readonly label: string
  readonly columns: readonly Column<Row, State>[]
  readonly rows: () => readonly Row[]
  readonly stateOf: (row: Row) => State | undefined
}

/** A button that gives a table as a file. */
export const CsvButton = <Row, State>({ label, columns, rows, stateOf }: CsvProps<Row, State>) => (
  <FileButton
    label={label}
    heads={columns.map(({ head }) => head)}
    rows={() =>
      rows().map(row =>
        columns.map(column => {
          const state = stateOf(row)
          if (column.raw) return column.raw(row, state)
          const shown = column.show(row, state)
          return typeof shown === 'string' ? shown : shown.text
        }),
      )
    }
  />
)
