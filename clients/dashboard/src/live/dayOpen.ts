import { computed, type Signal, signal } from '@preact/signals'
import type { Columns } from '../charts/series.ts'
import { dayStart } from '../format/time.ts'
import { history } from './history.ts'
import { line, newest } from './line.ts'

/** A figure at the beginning of a day. */
export interface Open {
  /** When it was so, ms: some time after midnight, if nothing older is stored. */
  readonly t: number
  readonly value: number
}

const DAY = 86_400_000
const isLive = computed(() => line.value.state === 'live')
/** The beginning of the running UTC day, ms; undefined while no time is known. */
const today = computed(() => (newest.value === 0 ? undefined : dayStart(newest.value)))
const opens = new Map<string, Signal<Open | undefined>>()

/** Histories under way: the server answers two at a time. */
let queue: Promise<void> = Promise.resolve()

/** Rows of the first minutes are looked through for the first known figure: a fund may have waited for prices. */
const FIRST_MS = 600_000

const read = async (channel: string, field: string, from: number): Promise<Open | undefined> => {
  const query = { channel, fields: [field], agg: 'first' } as const
  const hours = await history({ ...query, from, to: from + DAY, step: 3_600_000 })
  const first = hours.x[0]
  if (first === undefined) return undefined
  const known = firstKnown(hours)
  if (known?.t === first) return known
  return firstKnown(await history({ ...query, from: first, to: Math.min(known?.t ?? from + DAY, first + FIRST_MS), step: 1_000 })) ?? known
}

const firstKnown = ({ x, y }: Columns): Open | undefined => {
  const at = y[0]!.findIndex(value => value !== null)
  return at < 0 ? undefined : { t: x[at]!, value: y[0]![at]! }
}

/** Returns the first stored figure of the running UTC day; undefined until it is known. To be called where signals are read. */
export const dayOpen = (channel: string, field: string): Open | undefined => {
  const from = today.value
  const live = isLive.value
  const key = `${channel} ${field} ${from}`
  const known = opens.get(key)
  if (known || from === undefined || !live) return known?.value
  const open = signal<Open | undefined>(undefined)
  opens.set(key, open)
  queue = queue.then(async () => {
    try {
      open.value = await read(channel, field, from)
      // Nothing is stored yet, as right after a start: asked again a little later.
      if (open.peek() === undefined) setTimeout(() => opens.delete(key), 10_000)
    } catch {
      opens.delete(key)
    }
  })
  return open.value
}
