import { useComputed } from '@preact/signals'
import type { Readiness } from '../../../../streams/wire/answers/server.ts'
import type { FeedState, StatusState } from '../../../driftwire-client/src/index.ts'
import { ABSENT, count, fixed } from '../format/number.ts'
import { clock, moment } from '../format/time.ts'
import { useAnswer } from '../live/answer.ts'
import { useChannel } from '../live/channels.ts'
import type { Column } from '../parts/columns.ts'
import { Figure, type Text } from '../parts/figure.tsx'
import { Grid } from '../parts/grid.tsx'
import type { PageProps } from './page.ts'
import { type Leaf, leavesOf } from './statusLeaves.ts'

const sum = (of: Readonly<Record<string, number>> | undefined): number => Object.values(of ?? {}).reduce((all, n) => all + n, 0)
const list = (of: Readonly<Record<string, unknown>> | undefined): string =>
  Object.entries(of ?? {})
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')

const feed = (s: StatusState | undefined, id: string): FeedState | undefined => s?.feeds?.[id]

/** A count of what should not be: nothing is quiet, something a warning. */
const fault = (n: number, why: string): Text => (n === 0 ? { text: '0', tone: 'quiet' } : { text: count(n), tone: 'warn', why })

const FEEDS: readonly Column<string, StatusState>[] = [
  { key: 'id', head: 'Feed', width: 160, align: 'left', heading: true, show: id => ({ text: id, why: id }), order: id => id },
  {
    key: 'state',
    head: 'State',
    width: 104,
    align: 'left',
    show: (id, s) => {
      const f = feed(s, id)
      if (!f) return ABSENT
      return f.silent
        ? { text: `${f.state}, silent`, tone: 'warn' }
        : { text: f.state ?? ABSENT, tone: f.state === 'down' ? 'warn' : undefined }
    },
    order: (id, s) => feed(s, id)?.state,
  },
  { key: 'ticks', head: 'Ticks', width: 120, show: (id, s) => count(feed(s, id)?.ticks), order: (id, s) => feed(s, id)?.ticks },
  { key: 'messages', head: 'Messages', width: 120, show: (id, s) => count(feed(s, id)?.messages), order: (id, s) => feed(s, id)?.messages },
  { key: 'lag', head: 'Lag ms', width: 80, show: (id, s) => fixed(feed(s, id)?.lag, 0), order: (id, s) => feed(s, id)?.lag },
  { key: 'late', head: 'Late', width: 80, show: (id, s) => count(feed(s, id)?.late), order: (id, s) => feed(s, id)?.late },
  {
    key: 'bad',
    head: 'Left out',
    width: 88,
    show: (id, s) => fault(sum(feed(s, id)?.bad), list(feed(s, id)?.bad)),
    order: (id, s) => sum(feed(s, id)?.bad),
  },
  {
    key: 'refused',
    head: 'Refused',
    width: 160,
    align: 'left',
    show: (id, s) => {
      const refused = { ...feed(s, id)?.refused, ...feed(s, id)?.missing }
      return {
        text: Object.keys(refused).join(', ') || 'none',
        tone: Object.keys(refused).length > 0 ? 'warn' : 'quiet',
        why: list(refused) || undefined,
      }
    },
  },
]

const PARTS: readonly (readonly [string, string])[] = [
  ['rates', 'Rates'],
  ['clients', 'Clients'],
  ['sink', 'ClickHouse'],
  ['journal', 'Journal'],
  ['rebalances', 'Rebalances'],
  ['accounts', 'Accounts'],
  ['dex', 'Decentralised markets'],
]

/** Figures above zero of which somebody should look. */
const ALARMS = /(dropped|rejected|setAside|failed|strange|faults|cutOff|turnedAway)/i
const isTime = (leaf: Leaf): leaf is Leaf & { value: number } =>
  /To$/.test(leaf.path) && typeof leaf.value === 'number' && leaf.value > 1e11

const textOf = (leaf: Leaf): string | Text => {
  if (isTime(leaf)) return { text: clock(leaf.value), why: `${moment(leaf.value, true)} UTC` }
  if (typeof leaf.value !== 'number')
    return { text: String(leaf.value), tone: /error|fail|fault|why/i.test(leaf.path) ? 'warn' : undefined }
  const text = count(leaf.value)
  return ALARMS.test(leaf.path) && leaf.value > 0 ? { text, tone: 'warn' } : text
}

/** The server itself: feeds, rates, queues, the store, the journal. */
export const System = (_: PageProps) => {
  const shown = useChannel('status')
  const ready = useAnswer<Readiness>('/readyz', 5_000)
  const ids = useComputed(() => Object.keys(shown.value?.state.feeds ?? {}).join('\n'))
  const feeds = useComputed(() => ids.value.split('\n').filter(Boolean))
  const state = shown.value?.state as Readonly<Record<string, unknown>> | undefined
  return (
    <>
      <div class="title">
        <h1>System</h1>
        <span class="tools">
          <span class={ready.value.value?.ready ? 'quiet' : 'mark'}>
            {ready.value.value?.ready ? 'all parts are ready' : (ready.error.value?.message ?? 'asking')}
          </span>
          <a href="/metrics">Metrics</a>
        </span>
      </div>
      <section class="card">
        <h2>Feeds</h2>
        <Grid
          label="Feeds"
          id="feeds"
          rows={feeds}
          keyOf={id => id}
          columns={FEEDS}
          channelOf={() => 'status'}
          height={364}
          empty={shown.value ? 'no feed' : 'loading'}
        />
      </section>
      {PARTS.map(([part, title]) => {
        const leaves = leavesOf(state?.[part])
        if (leaves.length === 0) return null
        return (
          <section key={part} class="card">
            <h2>{title}</h2>
            <dl class="figures">
              {leaves.map(leaf => (
                <Figure
                  key={leaf.path}
                  name={leaf.path}
                  of={shown as never}
                  read={s =>
                    textOf(
                      leavesOf((s as Readonly<Record<string, unknown>>)[part]).find(({ path }) => path === leaf.path) ?? {
                        path: leaf.path,
                        value: ABSENT,
                      },
                    )
                  }
                />
              ))}
            </dl>
          </section>
        )
      })}
    </>
  )
}
