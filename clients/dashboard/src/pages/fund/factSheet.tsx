import { useComputed } from '@preact/signals'
import { direction, fixed, percent, signedPercent } from '../../format/number.ts'
import { day, month } from '../../format/time.ts'
import { useHistory } from '../../live/history.ts'
import { newest } from '../../live/line.ts'
import type { Column } from '../../parts/columns.ts'
import { Still, toned } from '../../parts/figure.tsx'
import { Grid } from '../../parts/grid.tsx'
import { factsOf, type MonthReturn } from './facts.ts'

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

/** What a fact sheet says of a fund: returns by month, beside the index without costs. */
export const FactSheet = ({ id, turnover }: { readonly id: string; readonly turnover: number | undefined }) => {
  const known = newest.value > 0
  const past = useHistory(known ? { channel: `fund:${id}`, fields: ['nav', 'level'], from: 0, to: dayAfter(), step: DAY } : undefined)
  const facts = useComputed(() => past.value && factsOf(past.value))
  const rows = useComputed(() => facts.value?.months ?? [])
  const now = facts.value
  return (
    <section class="card">
      <h2>Fact sheet</h2>
      <dl class="figures">
        <Still name="Return" of={change(now?.fund)} why="no stored days yet" />
        <Still name="Index" of={change(now?.index)} why="no stored days yet" />
        <Still name="Tracking difference" of={change(now?.difference)} why="no stored days yet" />
        <Still name="Turnover" of={percent(turnover)} why="no rebalance was carried out" />
      </dl>
      {now && <p class="note">{`from ${day(now.from)} to ${day(now.to)}, ${fixed(now.days, 0)} days stored`}</p>}
      <Grid
        label={`${id} by month`}
        id="months"
        rows={rows}
        keyOf={row => String(row.start)}
        columns={COLUMNS}
        height={224}
        empty="no stored days yet"
      />
    </section>
  )
}

/** The end of the running day: one question a day. */
const dayAfter = (): number => Math.floor(newest.value / DAY + 1) * DAY
