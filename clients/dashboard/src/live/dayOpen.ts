import { type Signal, signal } from '@preact/signals'
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
const opens = new Map<string, Signal<Open | undefined>>()

/** Histories under way: the server answers two at a time. */
let queue: Promise<void> = Promise.resolve()

const read = async (channel: string, field: string, from: number): Promise<Open | undefined> => {
  const { x, y } = await history({ channel, fields: [field], from, to: from + DAY, step: DAY, agg: 'first' })
  const value = y[0]?.find(v => v !== null)
  return x[0] === undefined || value === undefined || value === null ? undefined : { t: x[0], value }
}

/** Returns the first stored figure of the running UTC day; undefined until it is known. To be called where signals are read. */
export const dayOpen = (channel: string, field: string): Open | undefined => {
  const from = dayStart(newest.value)
  if (newest.peek() === 0 || line.value.state !== 'live') return opens.get(`${channel} ${field} ${from}`)?.value
  const key = `${channel} ${field} ${from}`
  const known = opens.get(key)
  if (known) return known.value
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
