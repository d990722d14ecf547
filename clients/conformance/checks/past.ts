import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import { aChannel, type Check, type Subject } from '../check.ts'
import { must, Skipped, same } from '../mismatch.ts'

interface Page {
  readonly rows: readonly JsonObject[]
  readonly next?: string
}

const HOUR_MS = 3_600_000

const timeOf = (row: JsonObject): number => Number(row.t ?? row.open_t)

/** Throws a Mismatch if the rows are not in order and within `from ≤ t < to`. */
const inOrder = (rows: readonly JsonObject[], from: number, to: number): void => {
  let before = from
  for (const [i, row] of rows.entries()) {
    const t = timeOf(row)
    must(Number.isInteger(t) && t >= before && t < to, `row ${i}: its time`, t, `at least ${before} and below ${to}`)
    before = t
  }
}

/**
 * Returns a channel with rows of the last hour, and a moment up to which all of them are stored: rows that come before a snapshot wait until they
 * are, rows that are only asked for do not.
 */
export const stored = async ({ open, channels }: Subject): Promise<{ channel: string; to: number; rows: readonly JsonObject[] }> => {
  const line = await open()
  for (const channel of channels.filter(name => /^(tick|fund):/.test(name)).slice(0, 10)) {
    await line.subscribe([channel])
    const { t } = await line.follows(channel)
    if (t === 0) continue
    const other = await open()
    await other.subscribe([channel], { from: Math.max(0, t - HOUR_MS) })
    const { began: to } = await other.follows(channel, 0, 20_000)
    const { rows } = await other.ask<Page>('history', { channel, from: Math.max(0, to - HOUR_MS), to })
    if (rows.length > 1) return { channel, to, rows }
  }
  throw new Skipped('nothing is stored of the last hour of any tick: or fund: channel')
}

/** Rows of the past. */
export const PAST: readonly Check[] = [
  {
    name: 'history gives the rows from a time on and before another, oldest first',
    over: 'websocket',
    async run(subject) {
      const { channel, to, rows } = await stored(subject)
      inOrder(rows, to - HOUR_MS, to)
      const line = await subject.open()
      const [from, end] = [timeOf(rows[0]!) + 1, timeOf(rows.at(-1)!)]
      inOrder((await line.ask<Page>('history', { channel, from, to: end })).rows, from, end)
      same('rows of no time', (await line.ask<Page>('history', { channel, from: end, to: end })).rows, [])
    },
  },
  {
    name: 'history with a step gives a row a step',
    over: 'websocket',
    async run(subject) {
      const { channel, to } = await stored(subject)
      const step = 10_000
      const { rows } = await (await subject.open()).ask<Page>('history', { channel, from: to - HOUR_MS, to, step })
      const steps = rows.map(row => Math.floor(timeOf(row) / step))
      same('rows of one step', steps.length - new Set(steps).size, 0)
    },
  },
  {
    name: 'history by columns has the same values as by rows, and null for unknown ones',
    over: 'websocket',
    async run(subject) {
      const { channel, to } = await stored(subject)
      const line = await subject.open()
      const field = channel.startsWith('fund:') ? 'nav' : 'price'
      const query = { channel, from: to - HOUR_MS, to, fields: [field] }
      const { rows } = await line.ask<Page>('history', query)
      const { columns } = await line.ask<{ columns: Record<string, unknown[]> }>('history', { ...query, columns: true })
      same('the columns', Object.keys(columns ?? {}).sort(), [field, 't'].sort())
      same(
        field,
        columns[field],
        rows.map(row => row[field] ?? null),
      )
      same(
        't',
        columns.t,
        rows.map(row => row.t),
      )
    },
  },
  {
    name: 'subscribe with from pushes rows up to the moment of the snapshot that follows, then patches: no gap, nothing twice',
    over: 'websocket',
    async run(subject) {
      const { channel, to } = await stored(subject)
      const line = await subject.open()
      const from = to - HOUR_MS
      await line.subscribe([channel], { from })
      const followed = await line.follows(channel, 0, 20_000)
      must(followed.pages > 0, 'before the snapshot', 'no push of rows', 'at least one, with more: false')
      inOrder(followed.rows, from, followed.began)
      const { rows } = await line.ask<Page>('history', { channel, from, to: followed.began })
      same('the number of rows before the snapshot', followed.rows.length, rows.length)
      same('the last row', followed.rows.at(-1), rows.at(-1))
    },
  },
  {
    name: 'a channel without a past refuses to have one',
    over: 'websocket',
    async run(subject) {
      const line = await subject.open()
      const channel = aChannel(subject, 'trades')
      same('subscribe with from', (await line.subscribe([channel], { from: 0 }))[channel]?.error?.code, 'invalid_params')
      await line.refused('history', { channel, from: 0, to: 1 }, 'invalid_params')
    },
  },
]
