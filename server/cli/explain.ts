import type { Explanation } from '../../streams/explain/explain.ts'
import { cut, UNKNOWN, visible } from '../lib/plainText.ts'
import { type Column, table } from '../lib/textTable.ts'
import type { CommandContext } from './command.ts'
import { type ServerOptions, serverOf } from './server.ts'
import { moment, plain, span } from './terminal/figures.ts'
import { paintFor } from './terminal/style.ts'
import type { Space } from './views/state.ts'

type Input = NonNullable<Explanation['inputs']>[number]

/** An input, and how deep it stands beneath the figure. */
interface Row {
  readonly depth: number
  readonly input: Omit<Input, 'inputs'>
}

/** Columns of a terminal below which a formula stands beneath its figure: beside it there would be no room for it. */
const NARROW = 60

/** Runs `explain CHANNEL FIELD`: a figure's formula and its inputs, down to the ticks. Returns the exit code. */
export const explain = async (
  [channel = '', field = '']: readonly string[],
  { json, ...options }: ServerOptions & { readonly json?: boolean },
  { environment, columns }: CommandContext,
): Promise<number> => {
  const path = `/v1/explain/${encodeURIComponent(channel)}?${new URLSearchParams({ field })}`
  const explained = await serverOf(options, environment).get<Explanation>(path)
  if (json) console.log(JSON.stringify(explained))
  else console.log(explainedView(explained, { width: columns, paint: paintFor(process.stdout) }).join('\n'))
  return 0
}

/** Returns an explanation as a table: an input a line, indented beneath the figure that it goes into. */
export const explainedView = (explained: Explanation, { width, paint }: Space): string[] => {
  const { channel, field, t, inputs = [], ...figure } = explained
  const rows = [{ depth: 0, input: { ...figure, name: field } }, ...inputs.flatMap(input => [...rowsOf(input, 1)])]
  const heading = [cut(`${visible(channel)} at ${moment(t)} UTC`, width), '']
  if (width < NARROW) return [...heading, ...rows.flatMap(row => beneath(row, { width, paint }))]
  const columns: Column<Row>[] = [
    { head: 'figure', cell: ({ depth, input }) => `${'  '.repeat(depth)}${input.name}`, left: true, least: 14 },
    { head: 'value', cell: ({ input }) => figureOf(input) },
    { head: 'age', cell: ({ depth, input: { age } }) => (age === undefined ? (depth === 0 ? 'now' : undefined) : span(age)), rank: 2 },
    {
      head: 'from',
      cell: ({ input }) => originOf(input),
      left: true,
      least: 10,
      rank: 1,
      paint: ({ input: { stale } }, text) => (stale ? paint('yellow', text) : text),
    },
  ]
  return [...heading, ...table(rows, columns, { width, head: line => paint('bold', line) }).split('\n')]
}

/** Amounts that somebody owns are decimal strings. */
const figureOf = ({ value }: Row['input']): string | undefined =>
  typeof value === 'number' ? plain(value, 12) : value?.replace(/^-?\d+(?=$|\.\d)/, digits => digits.replace(/\B(?=(\d{3})+$)/g, ','))

const originOf = ({ formula, source, stale }: Row['input']): string =>
  `${[formula, source].filter(Boolean).join('; ')}${stale ? ' (stale)' : ''}`

/** A figure and, in the next line, what it comes from and how old it is. */
const beneath = ({ depth, input }: Row, { width, paint }: Space): string[] => {
  const indent = '  '.repeat(depth)
  const origin = [originOf(input), input.age === undefined ? '' : `${span(input.age)} old`].filter(Boolean).join(', ')
  const line = (text: string): string => cut(visible(text), width)
  const below = line(`${indent}  ${origin}`)
  return [line(`${indent}${input.name} ${figureOf(input) ?? UNKNOWN}`), ...(origin ? [input.stale ? paint('yellow', below) : below] : [])]
}

const rowsOf = function* ({ inputs = [], ...input }: Input, depth: number): Iterable<Row> {
  yield { depth, input }
  for (const below of inputs) yield* rowsOf(below, depth + 1)
}
