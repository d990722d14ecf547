import { useComputed } from '@preact/signals'
import type { StoredAlertsAnswer } from '../../../../../streams/wire/answers/alerts.ts'
import type { AlertsState } from '../../../../driftwire-client/src/index.ts'
import { count } from '../../format/number.ts'
import { useAlerts } from '../../live/alerts.ts'
import { names } from '../../live/names.ts'
import { usePaged } from '../../live/paged.ts'
import { Grid } from '../../parts/grid.tsx'
import type { PageProps } from '../page.ts'
import { OPEN_COLUMNS, PAST_COLUMNS } from './columns.ts'
import { MarketAlert } from './marketAlert.tsx'
import type { Found } from './words.ts'

const idOf = ({ id }: Found): string => id

/** Returns the open alerts of a state, newest first. */
const openIn = (state: AlertsState | undefined): readonly Found[] =>
  Object.entries(state?.open ?? {})
    .map(([id, alert]) => ({ id, ...alert }))
    .sort((a, b) => (b.since ?? 0) - (a.since ?? 0))

/** What rules have found: what is open now, and what is over. */
export const Alerts = (_: PageProps) => {
  const shown = useAlerts()
  const open = useComputed(() => openIn(shown.value?.state))
  const market = useComputed(() => open.value.filter(({ members }) => members !== undefined))
  const single = useComputed(() => open.value.filter(({ members }) => members === undefined))
  const number = shown.value?.state.count
  const ruled = names.value?.others.includes('alerts')
  return (
    <>
      <div class="title">
        <h1>Alerts</h1>
        <span class="quiet">{number === undefined ? '' : number === 0 ? 'none is open' : `${count(number)} open`}</span>
      </div>
      {ruled === false && <p class="hint">No rule watches anything: `alerts` of the configuration has none.</p>}
      {market.value.length > 0 && (
        <section class="card">
          <h2>Market alerts</h2>
          <ul class="list">
            {market.value.map(alert => (
              <MarketAlert key={alert.id} alert={alert} />
            ))}
          </ul>
        </section>
      )}
      <section class="card">
        <h2>
          Open
          {number !== undefined && number > open.value.length && (
            <span class="note">
              {' '}
              · the newest {count(open.value.length)} of {count(number)}
            </span>
          )}
        </h2>
        <Grid
          label="Open alerts"
          id="open"
          rows={single}
          keyOf={idOf}
          columns={OPEN_COLUMNS}
          height={448}
          empty={shown.value ? (market.value.length > 0 ? 'none beside those' : 'none') : 'loading'}
        />
      </section>
      <Past newest={Object.keys(shown.value?.state.over ?? {}).length > 0 ? newestOver(shown.value!.state) : ''} />
    </>
  )
}

/** Returns the time at which the last alert was over, as text. */
const newestOver = ({ over = {} }: AlertsState): string => String(Math.max(...Object.values(over).map(({ cleared = 0 }) => cleared)))

const PATH = '/v1/alerts?state=cleared&limit=200'

/** Alerts that are over. The list is asked for again when one more is. */
const Past = ({ newest }: { readonly newest: string }) => {
  const { rows, error, more } = usePaged<StoredAlertsAnswer, Found>(PATH, ({ alerts, next }) => ({ rows: alerts, next }), newest)
  const list = useComputed(() => rows.value ?? [])
  return (
    <section class="card">
      <h2>Over</h2>
      <Grid
        label="Past alerts"
        id="past"
        rows={list}
        keyOf={idOf}
        columns={PAST_COLUMNS}
        height={448}
        empty={error.value?.message ?? (rows.value ? 'none' : 'loading')}
      />
      {more.value && (
        <button type="button" class="tool" onClick={more.value}>
          Older alerts
        </button>
      )}
    </section>
  )
}
