import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { direction, percent, signedPercent } from '../../format/number.ts'
import { day, dayStart, minute, month } from '../../format/time.ts'
import { history } from '../../live/history.ts'
import { newest } from '../../live/line.ts'
import type { Column } from '../../parts/columns.ts'
import { Still, toned } from '../../parts/figure.tsx'
import { Grid } from '../../parts/grid.tsx'
import { type Facts, factsOf, type MonthReturn } from './facts.ts'

const DAY = 86_400_000

const change = (value: number | undefined) => toned(signedPercent(value, 2), direction(value === undefined ? undefined : value * 100, 2))

const COLUMNS: readonly Column<MonthReturn>[] = [
  {
    key: 'month',
    head: 'Month',
    width: 96,
    align: 'left',
    heading: true,
    show: ({ start, from, partial }) => ({
      text: `${month(start)}${partial ? ' *' : ''}`,
      why: partial ? `from ${day(from)} on only` : undefined,
    }),
  },
  { key: 'nav', head: 'Fund', width: 104, show: row => change(row.fund), raw: row => row.fund },
  { key: 'level', head: 'Index', width: 104, show: row => change(row.index), raw: row => row.index },
  { key: 'difference', head: 'Difference', width: 104, show: row => change(row.difference), raw: row => row.difference },
]

const NOTHING = 'too little of it is stored yet'

/** Reads the first row of a fund, and the last row of each day. */
const read = async (id: string): Promise<Facts | undefined> => {
  const query = { channel: `fund:${id}`, fields: ['nav', 'level'] }
  const days = await history({ ...query, from: 0, to: newest.peek() + 1, step: DAY })
  const [end] = days.x
  if (end === undefined) return undefined
  const first = await history({ ...query, from: dayStart(end), to: end, step: 60_000, agg: 'first' })
  const at = first.y[0]!.findIndex(value => value !== null)
  if (at < 0) return factsOf(days)
  return factsOf({ x: [first.x[at]!, ...days.x], y: days.y.map((column, k) => [first.y[k]![at]!, ...column]) })
}

const useFacts = (id: string): ReadonlySignal<Facts | undefined> => {
  const facts = useSignal<Facts | undefined>(undefined)
  const isKnown = newest.value > 0
  useEffect(() => {
    if (!isKnown) return
    let live = true
    read(id).then(
      answer => {
        if (live) facts.value = answer
      },
      () => {},
    )
    return () => {
      live = false
    }
  }, [id, isKnown])
  return facts
}

/** What a fact sheet says of a fund: returns by month, beside the index without costs. */
export const FactSheet = ({ id, turnover }: { readonly id: string; readonly turnover: number | undefined }) => {
  const facts = useFacts(id)
  const rows = useComputed(() => facts.value?.months ?? [])
  const now = facts.value
  return (
    <section class="card">
      <h2>Fact sheet</h2>
      <dl class="figures">
        <Still name="Return" of={change(now?.fund)} why={NOTHING} />
        <Still name="Index" of={change(now?.index)} why={NOTHING} />
        <Still name="Tracking difference" of={change(now?.difference)} why={NOTHING} />
        <Still name="Turnover" of={percent(turnover)} why="no rebalance was carried out" />
      </dl>
      {now && <p class="note">{`from ${minute(now.from)} to ${minute(now.to)} UTC, as stored`}</p>}
      <Grid
        label={`${id} by month`}
        id="months"
        rows={rows}
        keyOf={row => String(row.start)}
        columns={COLUMNS}
        height={224}
        empty={NOTHING}
      />
    </section>
  )
}
