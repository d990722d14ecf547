import { UsageError } from '../../config/options.ts'
import { type Block, blocksOf } from '../../lib/blocks.ts'
import { type CsvHeader, CsvReader, type CsvRow, csvHeader, misfit } from '../../lib/csv.ts'
import { checked, METRIC_COLUMNS, type MetricLine, recordIn } from './metricRow.ts'

const NEEDED = Object.entries(METRIC_COLUMNS).flatMap(([name, needed]) => (needed ? name : []))
const EXPECTED = `NDJSON, or CSV with the columns ${NEEDED.join(',')} and perhaps available_at,source,ref`

/**
 * Reads the metrics of a file, a block of lines at a time: CSV with a header, or NDJSON; gzip or not. `now` (ms): nothing can have been known later. Rejects
 * with a UsageError if the file is neither, or cannot be read.
 */
export const metricsIn = async function* (file: string, now: number): AsyncGenerator<MetricLine[]> {
  let read: ((block: Block) => MetricLine[]) | undefined
  let end = (): MetricLine[] => []
  const blocks = blocksOf(file)
  for (;;) {
    const next = await blocks.next().catch(error => {
      throw new UsageError(
        `${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}), expected ${EXPECTED}`,
      )
    })
    if (next.done) break
    const block = next.value
    if (read === undefined) {
      const lines = block.lines[0]!.trimStart().startsWith('{') ? ofJson(now) : ofCsv(headerOf(file, block.lines[0]!), now)
      read = lines.read
      end = lines.end
    }
    if (block.broken === undefined) yield read(block)
    else {
      const whole = block.lines.slice(0, -1)
      yield read({ first: block.first, lines: whole })
      yield [{ line: block.first + whole.length, why: `the file breaks off: ${block.broken}` }]
    }
  }
  if (read === undefined) throw new UsageError(`${file}: found an empty file, expected ${EXPECTED}`)
  yield end()
}

/** Reads lines of one form; `end` gives the rows that waited for more lines. */
interface Lines {
  read(block: Block): MetricLine[]
  end(): MetricLine[]
}

const headerOf = (file: string, line: string): CsvHeader => {
  const header = csvHeader(line)
  const missing = NEEDED.find(name => !header.names.includes(name))
  if (missing !== undefined) throw new UsageError(`${file}:1: found no column "${missing}", expected ${EXPECTED}`)
  const unknown = header.names.find(name => !Object.hasOwn(METRIC_COLUMNS, name))
  const twice = header.names.find((name, i) => header.names.indexOf(name) !== i)
  if (twice !== undefined) throw new UsageError(`${file}:1: found the column "${twice}" twice, expected each once`)
  if (unknown !== undefined) throw new UsageError(`${file}:1: found a column "${unknown}", expected ${EXPECTED}`)
  return header
}

const ofCsv = (header: CsvHeader, now: number): Lines => {
  const reader = new CsvReader(header.delimiter)
  const lineOf = (row: CsvRow): MetricLine => {
    const why = misfit(row, header)
    if (why !== undefined) return { line: row.line, why }
    return checked(row.line, now, () => Object.fromEntries(header.names.map((name, i) => [name, row.fields[i]!.trim()])))
  }
  return {
    read: ({ first, lines }) => reader.read(Math.max(2, first), first === 1 ? lines.slice(1) : lines).map(lineOf),
    end: () => reader.end().map(lineOf),
  }
}

const ofJson = (now: number): Lines => ({
  read: ({ first, lines }) => lines.flatMap((text, i) => (text.trim() === '' ? [] : [checked(first + i, now, () => recordIn(text))])),
  end: () => [],
})
