import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { append, type Columns, dropBefore, stepFor, withGaps } from '../charts/series.ts'
import type { Shown } from './channels.ts'
import { line, newest, wire } from './line.ts'

/** The spans that can be chosen, ms; `all` is everything that is stored. */
const RANGES = {
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '1d': 86_400_000,
  '1w': 604_800_000,
  '1M': 2_592_000_000,
  all: 0,
} as const

/** The name of a span. */
export type Range = keyof typeof RANGES

/** All of them, in order. */
export const SPANS = Object.keys(RANGES) as Range[]

/** Points of a chart: no screen shows more. */
const POINTS = 900

/** How a column is folded into steps. */
export type Agg = 'last' | 'first' | 'min' | 'max' | 'avg'

/** What is asked of the past. */
export interface Past {
  readonly channel: string
  readonly fields: readonly string[]
  readonly from: number
  readonly to: number
  readonly step?: number
  readonly agg?: Agg
}

/** Returns the past of a channel, oldest first, by columns. Rejects with a RequestError. */
export const history = async ({ channel, ...query }: Past): Promise<Columns> => {
  const columns = (await wire.columns(channel, query).all()) as Readonly<Record<string, readonly (number | null)[]>>
  return { x: [...((columns.t ?? columns.open_t ?? []) as readonly number[])], y: query.fields.map(field => [...(columns[field] ?? [])]) }
}

/** Resolves when an event time is known. */
const begun = (): Promise<number> =>
  new Promise(resolve => {
    const stop = newest.subscribe(t => {
      if (t === 0) return
      // `stop` is not there yet if the time is known already.
      queueMicrotask(() => stop())
      resolve(t)
    })
  })

/** A curve of the past that goes on live. */
export interface Curve {
  readonly data: ReadonlySignal<Columns | undefined>
  /** Why there is no past; undefined if there is. */
  readonly error: ReadonlySignal<string | undefined>
}

const EVERYTHING = 10 * 365 * 86_400_000

/** Returns from when on and in which steps a span is asked for. */
const windowOf = async (channel: string, fields: readonly string[], range: Range, now: number): Promise<{ from: number; step: number }> => {
  if (range !== 'all') return { from: now - RANGES[range], step: stepFor(RANGES[range], POINTS) }
  const days = await history({
    channel,
    fields: fields.slice(0, 1),
    from: Math.max(0, now - EVERYTHING),
    to: now + 1,
    step: 86_400_000,
    agg: 'first',
  })
  const from = days.x[0] ?? now - RANGES['1h']
  return { from, step: stepFor(Math.max(60_000, now - from), POINTS) }
}

/** Reads a span of a channel's past, and splices what comes live to it. */
export const useCurve = <State>(
  shown: ReadonlySignal<Shown<State> | undefined>,
  channel: string,
  fields: readonly string[],
  read: (state: State) => readonly (number | undefined)[],
  range: Range,
): Curve => {
  const data = useSignal<Columns | undefined>(undefined)
  const error = useSignal<string | undefined>(undefined)
  const connected = line.value.state === 'live'
  useEffect(() => {
    if (!connected) return
    let live = true
    let stop = (): void => {}
    const load = async (): Promise<void> => {
      const now = await begun()
      const { from, step } = await windowOf(channel, fields, range, now)
      const past = withGaps(await history({ channel, fields, from, to: now + 1, step }), step)
      if (!live) return
      error.value = undefined
      stop = shown.subscribe(state => {
        if (state) append(past, state.t, read(state.state), step)
        if (range !== 'all') dropBefore(past, newest.peek() - RANGES[range])
        data.value = { x: past.x, y: past.y }
      })
    }
    const attempt = (): void => {
      load().catch((reason: { message: string; retry?: boolean }) => {
        if (!live) return
        error.value = reason.message
        if (reason.retry) setTimeout(() => live && attempt(), 2_000)
      })
    }
    attempt()
    return () => {
      live = false
      stop()
    }
  }, [shown, channel, range, connected])
  return { data, error }
}

/** A past that does not move. */
export const useHistory = (past: Past | undefined): ReadonlySignal<Columns | undefined> => {
  const data = useSignal<Columns | undefined>(undefined)
  const key = JSON.stringify(past)
  useEffect(() => {
    if (!past) return
    let live = true
    history(past).then(
      columns => {
        if (live) data.value = columns
      },
      () => {},
    )
    return () => {
      live = false
    }
  }, [key])
  return data
}
