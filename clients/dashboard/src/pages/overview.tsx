import { type ReadonlySignal, useComputed } from '@preact/signals'
import { count } from '../format/number.ts'
import { useAlerts } from '../live/alerts.ts'
import { useFacts } from '../live/facts.ts'
import { names } from '../live/names.ts'
import { watched } from '../live/preferences.ts'
import { Grid } from '../parts/grid.tsx'
import { Search } from '../parts/search.tsx'
import { place } from '../router.ts'
import { FUND_COLUMNS, POOL_COLUMNS, PORTFOLIO_COLUMNS, SYMBOL_COLUMNS } from './overviewColumns.ts'
import type { PageProps } from './page.ts'

const PREFIXES = { funds: 'fund:', portfolios: 'pnl:', pools: 'pool:', symbols: 'tick:' } as const
type List = keyof typeof PREFIXES

/** Returns the names that fit the search and the watch list. */
const useListed = (list: List): ReadonlySignal<readonly string[]> =>
  useComputed(() => {
    const all = names.value?.[list] ?? []
    const { query } = place.value
    const like = (query.get('search') ?? '').trim().toLowerCase()
    const only = query.get('watched') !== null
    return all.filter(name => name.toLowerCase().includes(like) && (!only || watched.value.includes(PREFIXES[list] + name)))
  })

const nameOf = (id: string): string => id
const emptyOf = (kind: string): string => (names.value === undefined ? 'loading' : place.value.query.size > 0 ? `no ${kind} fits` : 'none')

/** The ways to what is found out about all of it. */
const Analytics = () => {
  const open = useAlerts().value?.state.count
  const scored = names.value?.scored.length ?? 0
  return (
    <p class="inline">
      {open !== undefined && (
        <a href="/alerts">{open === 0 ? 'No alert is open' : `${count(open)} open ${open === 1 ? 'alert' : 'alerts'}`}</a>
      )}
      {scored > 0 && <a href="/analytics">{count(scored)} assets with scores or the reason for none</a>}
      {names.value?.others.includes('models') && <a href="/models">Models</a>}
    </p>
  )
}

/** Everything that the server has, a row each. */
export const Overview = (_: PageProps) => {
  const facts = useFacts()
  const [funds, portfolios, pools, symbols] = [useListed('funds'), useListed('portfolios'), useListed('pools'), useListed('symbols')]
  return (
    <>
      <div class="title">
        <h1>Overview</h1>
        <Search watches />
      </div>
      <Analytics />
      {facts.value?.who.as === 'nobody' && facts.value.reads.funds + facts.value.reads.portfolios === 0 && (
        <p class="hint">
          This server shows funds and portfolios to those who may read them. <a href="/sign-in">Sign in</a>
        </p>
      )}
      <section class="card">
        <h2>Funds</h2>
        <Grid
          label="Funds"
          id="funds"
          rows={funds}
          keyOf={nameOf}
          columns={FUND_COLUMNS}
          channelOf={id => `fund:${id}`}
          height={280}
          empty={emptyOf('fund')}
        />
      </section>
      <div class="halves">
        <section class="card">
          <h2>Portfolios</h2>
          <Grid
            label="Portfolios"
            id="portfolios"
            rows={portfolios}
            keyOf={nameOf}
            columns={PORTFOLIO_COLUMNS}
            channelOf={id => `pnl:${id}`}
            height={280}
            empty={emptyOf('portfolio')}
          />
        </section>
        <section class="card">
          <h2>Pools</h2>
          <Grid
            label="Pools"
            id="pools"
            rows={pools}
            keyOf={nameOf}
            columns={POOL_COLUMNS}
            channelOf={id => `pool:${id}`}
            height={280}
            empty={emptyOf('pool')}
          />
        </section>
      </div>
      <section class="card">
        <h2>Market</h2>
        <Grid
          label="Market"
          id="market"
          rows={symbols}
          keyOf={nameOf}
          columns={SYMBOL_COLUMNS}
          channelOf={id => `tick:${id}`}
          height={616}
          empty={emptyOf('symbol')}
        />
      </section>
    </>
  )
}
