import { type Kind, parseChannel } from '../../streams/wire/channels.ts'
import type { Json, JsonObject } from '../../streams/wire/mergePatch.ts'
import { readCount, UsageError } from '../config/options.ts'
import { type Column, table } from '../lib/textTable.ts'
import type { CommandContext } from './command.ts'
import { type RunningServer, type ServerOptions, serverOf } from './server.ts'
import { aligned, moment } from './terminal/figures.ts'
import { say, saying } from './terminal/say.ts'
import { paintFor } from './terminal/style.ts'
import { rangeOf, spanOf } from './times.ts'
import { leavesOf, memberOf } from './views/state.ts'

interface HistoryOptions extends ServerOptions {
  readonly from?: string
  readonly to?: string
  readonly step?: string
  readonly fields?: string
  readonly agg?: string
  readonly limit?: string
  readonly csv?: boolean
  readonly json?: boolean
}

/** Rows of a table, if nothing else is asked for. */
const ROWS = '1000'

/** Digits of the largest figure of a column. */
const DIGITS = 9

/** What a table shows of each kind, if nothing else is asked for. */
const FIELDS: Partial<Record<Kind, readonly string[]>> = {
  tick: ['price', 'size', 'side', 'src'],
  candle: ['o', 'h', 'l', 'c', 'v', 'n'],
  fund: ['nav', 'market', 'premium', 'aum', 'maxDrift'],
  pnl: ['value', 'total', 'unrealised', 'realised'],
  pool: ['price', 'tvl', 'volume24h', 'fees24h'],
}

/** Runs `history CHANNEL`: the stored rows, oldest first, as a table, CSV or JSON lines. Returns the exit code. Throws UsageError. */
export const history = async (channel: string, options: HistoryOptions, context: CommandContext): Promise<number> => {
  const name = parseChannel(channel)
  if (name === undefined) throw new UsageError(`history: found "${channel}", expected a channel such as fund:TOP10`)
  const people = !options.csv && !options.json
  const fields = options.fields?.split(',').filter(Boolean) ?? (people ? FIELDS[name.kind] : undefined)
  const limit = options.limit ?? (people ? ROWS : undefined)
  const most = limit === undefined ? Number.POSITIVE_INFINITY : readCount('limit', limit, 1, Number.MAX_SAFE_INTEGER)
  const query = queryOf(options, fields)
  const server = serverOf(options, context.environment)
  await saying(async () => {
    if (options.csv) await csv(pages(server, channel, query, most), fields)
    else if (options.json)
      for await (const { rows } of pages(server, channel, query, most)) await say(rows.map(row => `${JSON.stringify(row)}\n`).join(''))
    else await tabled(channel, name.kind, pages(server, channel, query, most), fields, context)
  })
  return 0
}

const queryOf = ({ from, to, step, agg }: HistoryOptions, fields: readonly string[] | undefined): Record<string, string> => {
  const range = rangeOf({ from, to })
  if (agg !== undefined && step === undefined) throw new UsageError('--agg: found no --step, expected both')
  return {
    ...(!Number.isNaN(range.from) && { from: String(range.from) }),
    ...(!Number.isNaN(range.to) && { to: String(range.to) }),
    ...(step !== undefined && { step: String(/^\d+$/.test(step) ? Number(step) : spanOf('step', step)) }),
    ...(agg !== undefined && { agg }),
    ...(fields !== undefined && { fields: fields.join(',') }),
  }
}

interface Page {
  readonly rows: readonly JsonObject[]
  /** There are more rows than were asked for. */
  readonly more: boolean
}

async function* pages(server: RunningServer, channel: string, query: Record<string, string>, most: number): AsyncGenerator<Page> {
  let left = most
  for (let cursor: string | undefined; ; ) {
    const parameters = new URLSearchParams({ ...query, ...(cursor !== undefined && { cursor }) })
    const { rows, next } = await server.get<{ rows: readonly JsonObject[]; next?: string }>(
      `/v1/history/${encodeURIComponent(channel)}?${parameters}`,
    )
    yield { rows: rows.slice(0, left), more: rows.length > left || next !== undefined }
    left -= rows.length
    if (next === undefined || left <= 0) return
    cursor = next
  }
}

/** The time of a row: of a candle, when it begins. */
const timeOf = (row: JsonObject): Json | undefined => row.t ?? row.open_t

/** Columns that nobody asked for by name are those of the first page. */
const csv = async (read: AsyncIterable<Page>, fields: readonly string[] | undefined): Promise<void> => {
  let columns: readonly string[] | undefined
  for await (const { rows } of read) {
    if (columns === undefined) {
      const found = [...new Set(rows.flatMap(row => [...leavesOf(row)].map(([path]) => path)))].filter(
        path => path !== 't' && path !== 'open_t',
      )
      columns = fields ?? found
      await say(`${['t', ...columns].join(',')}\n`)
    }
    const lines = rows.map(row => [timeOf(row), ...columns!.map(path => memberOf(row, path))].map(cellOf).join(','))
    await say(lines.map(line => `${line}\n`).join(''))
  }
}

const cellOf = (value: Json | undefined): string => {
  const text = value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const tabled = async (
  channel: string,
  kind: Kind,
  read: AsyncIterable<Page>,
  fields: readonly string[] | undefined,
  { columns: terminal }: CommandContext,
): Promise<void> => {
  const rows: JsonObject[] = []
  let unread = false
  for await (const page of read) {
    rows.push(...page.rows)
    unread = page.more
  }
  if (rows.length === 0) return say(`${channel}: no rows of that time\n`)
  const shown =
    fields ?? FIELDS[kind] ?? [...new Set(rows.flatMap(row => [...leavesOf(row)].map(([path]) => path)))].filter(path => path !== 't')
  const paint = paintFor(process.stdout)
  const width = process.stdout.isTTY ? terminal : Number.POSITIVE_INFINITY
  const columns: Column<JsonObject>[] = [
    { head: 'time UTC', cell: row => (typeof timeOf(row) === 'number' ? moment(timeOf(row) as number) : undefined), left: true },
    ...shown.map((path, i): Column<JsonObject> => {
      const values = rows.map(row => memberOf(row, path))
      const write = aligned(
        values.filter(value => typeof value === 'number'),
        DIGITS,
      )
      return {
        head: path,
        cell: row => {
          const value = memberOf(row, path)
          return typeof value === 'number' ? write(value) : value === undefined || value === null ? undefined : String(value)
        },
        left: values.every(value => typeof value !== 'number'),
        ...(i > 0 && { rank: i }),
      }
    }),
  ]
  await say(`${table(rows, columns, { width, head: line => paint('bold', line) })}\n`)
  if (unread) await say(`${rows.length} rows; there are more: --limit N, --from or --step\n`)
}
