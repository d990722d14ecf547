import { resolve } from 'node:path'
import type { SymbolMap } from '../../../streams/market/symbols.ts'
import { AHEAD_MS_MAX } from '../../../streams/market/ticks.ts'
import { blocksOf } from '../../lib/blocks.ts'
import type { Environment } from '../environment.ts'
import type { Feed, FeedContext, FeedInput } from '../feed.ts'
import { RejectLog } from '../rejectLog.ts'
import { SpecError } from '../specError.ts'
import { candles } from './candles.ts'
import { contentId } from './content.ts'
import { inOrder } from './cursor.ts'
import { logs } from './logs.ts'
import { messages } from './messages.ts'
import type { Head, Part, Reader, Reading, Recipe, Recognise } from './reader.ts'
import { trades } from './trades.ts'

/** The kinds of content that are understood, the more telling first. */
const KINDS: readonly Recognise[] = [messages, logs, candles, trades]

const EXPECTED =
  'trades CSV (symbol,price,ts_ms,qty …), candle CSV (open_time_ms,open,high,low,close,volume_base), recorded venue messages or event logs'

/** A recorded file as asked for. */
export interface ReplayOptions {
  /** As asked for: `replay:FILE` or `replay:FILE#SYMBOL` or `replay:FILE#VENUE`. */
  readonly spec: string
  /** Where relative file names begin. */
  readonly base: string
  readonly map: SymbolMap
  readonly environment: Environment
}

/** Opens a recorded file as a feed. Looks into the file first: throws SpecError if it cannot be read or its kind is unknown. */
export const replay = async ({ spec, base, map, environment }: ReplayOptions): Promise<Feed> => {
  const [, file, , fragment] = /^replay:([^#]*)(#(.*))?$/s.exec(spec) ?? []
  if (!file) throw new SpecError(spec, 'no file name', 'replay:FILE')
  const path = resolve(base, file)
  const recipe = recognise({ spec, path, fragment: fragment || undefined, lines: await headOf(spec, path), map })
  const { symbols, sources } = recipe
  return { id: spec, live: false, symbols, ...(sources && { sources }), open: context => inputs(path, recipe, context, environment) }
}

/** The first lines of a file. */
const headOf = async (spec: string, path: string): Promise<readonly string[]> => {
  try {
    for await (const { lines } of blocksOf(path)) if (lines.some(line => line !== '')) return lines
  } catch (error) {
    throw new SpecError(spec, (error as NodeJS.ErrnoException).code ?? (error as Error).message, 'a file that can be read')
  }
  throw new SpecError(spec, 'an empty file', EXPECTED)
}

const recognise = (head: Head): Recipe => {
  for (const kind of KINDS) {
    const recipe = kind(head)
    if (recipe) return recipe
  }
  const first = head.lines.find(line => line !== '')!
  throw new SpecError(head.spec, JSON.stringify(first.length > 60 ? `${first.slice(0, 60)}…` : first), EXPECTED)
}

const inputs = async function* (path: string, recipe: Recipe, context: FeedContext, environment: Environment): AsyncGenerator<FeedInput> {
  let content: Promise<string> | undefined
  const reading: Reading = {
    context,
    leftOut: new RejectLog(context.log.child({ file: path }), environment),
    latest: () => environment.now() + AHEAD_MS_MAX,
    content: () => {
      content ??= contentId(path, context.signal)
      return content
    },
  }
  const parts = (await recipe.parts?.(path, context)) ?? [WHOLE]
  try {
    yield* inOrder(parts.map(part => streamOf(path, part, recipe.reader(reading), context)))
  } finally {
    reading.leftOut.flush()
  }
}

const WHOLE: Part = { from: 1, to: Number.POSITIVE_INFINITY }

const streamOf = async function* (
  path: string,
  { from, to }: Part,
  reader: Reader,
  { log, signal }: FeedContext,
): AsyncGenerator<FeedInput> {
  for await (const { first, lines, broken } of blocksOf(path)) {
    if (signal.aborted) return
    if (first >= to) break
    const skipped = Math.max(0, from - first)
    if (skipped >= lines.length) continue
    await reader.read({ first: first + skipped, lines: lines.slice(skipped, to - first) })
    yield* reader.drain()
    if (broken !== undefined) log.warn({ file: path, why: broken }, 'the file breaks off')
  }
  await reader.end()
  yield* reader.drain()
}
