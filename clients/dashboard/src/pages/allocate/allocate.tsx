import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Allocated } from '../../../../../streams/wire/answers/funds.ts'
import { fixed, percent } from '../../format/number.ts'
import { shownOf, useChannels } from '../../live/channels.ts'
import { post, Refused } from '../../live/http.ts'
import { names } from '../../live/names.ts'
import { Bar } from '../../parts/bar.tsx'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'
import { place, setQuery } from '../../router.ts'
import { placesFor } from '../overviewColumns.ts'
import type { PageProps } from '../page.ts'
import { type Asset, largest, readAssets } from './assets.ts'
import { Backtest } from './backtest.tsx'
import { Field } from './field.tsx'
import { AllocationPast } from './past.tsx'

const EXAMPLE = 'BTC,1300000000000\nETH,380000000000\nBNB,85000000000\nSOL,70000000000\nXRP,30000000000\nADA,14000000000\nDOGE,20000000000'

const columnsFor = (full: number, cap: number): readonly Column<Allocated>[] => [
  { key: 'symbol', head: 'Asset', width: 72, align: 'left', heading: true, show: ({ symbol }) => symbol, order: ({ symbol }) => symbol },
  {
    key: 'weight',
    head: 'Weight',
    width: 72,
    show: ({ weight }) => percent(weight),
    order: ({ weight }) => weight,
    raw: ({ weight }) => weight,
  },
  { key: 'value', head: 'Value', width: 100, show: ({ value }) => fixed(value), order: ({ value }) => value, raw: ({ value }) => value },
  {
    key: 'amount',
    head: 'Amount',
    width: 112,
    show: ({ amount }) => ({ text: fixed(amount, amount < 1 ? 8 : 4), why: String(amount) }),
    order: ({ amount }) => amount,
    raw: ({ amount }) => amount,
  },
  {
    key: 'price',
    head: 'Price',
    width: 100,
    show: part => fixed(part.value / part.amount, placesFor(part.symbol, part.value / part.amount)),
    raw: part => part.value / part.amount,
  },
  {
    key: 'bar',
    head: 'Against the cap',
    width: 110,
    align: 'left',
    show: () => '',
    part: ({ weight }) => <Bar value={weight} target={cap} full={full} />,
  },
]

/** Returns the newest price of an asset; undefined if the market does not know one. */
const priceOf = (asset: string): number | undefined => {
  const symbol = names.peek()?.symbols.find(name => name.startsWith(`${asset}-`) && !name.endsWith('-PERP'))
  return symbol === undefined ? undefined : (shownOf(`tick:${symbol}`)?.state as { price?: number } | undefined)?.price
}

/** A capital among assets by market capitalisation, none above a cap: the question of the balancer. */
export const Allocate = (_: PageProps) => {
  const { query } = place.value
  const text = query.get('assets') ?? EXAMPLE
  const cap = query.get('cap') ?? '0.25'
  const capital = query.get('capital') ?? '100000'
  const most = query.get('count') ?? '10'
  const assets = readAssets(text)
  const unpriced = assets.filter(({ price }) => price === undefined).map(({ symbol }) => symbol)
  const symbols = (names.value?.symbols ?? []).filter(name => unpriced.some(asset => name.startsWith(`${asset}-`)))
  // The status always moves: by it the page knows the event time, also if all prices are typed.
  useChannels(['status', ...symbols.map(name => `tick:${name}`)])
  const parts = useSignal<readonly Allocated[]>([])
  const error = useSignal<string | undefined>(undefined)
  const asked = useSignal(0)
  const pricedAssets = (): readonly Asset[] => assets.map(asset => ({ ...asset, price: asset.price ?? priceOf(asset.symbol) }))
  const ask = async (): Promise<void> => {
    const priced = largest(pricedAssets(), Number(most))
    const lacking = priced.filter(({ price }) => price === undefined).map(({ symbol }) => symbol)
    if (lacking.length > 0) {
      parts.value = []
      error.value = `the market has no price of ${lacking.join(', ')}: write it behind the capitalisation`
      return
    }
    const body = {
      assets: priced.map(({ symbol, marketCap, price }) => ({ symbol, market_cap: marketCap, price })),
      cap: Number(cap),
      capital: Number(capital),
    }
    try {
      parts.value = (await post<{ assets: readonly Allocated[] }>('/v1/allocate', body)).assets
      error.value = undefined
    } catch (reason) {
      parts.value = []
      error.value = reason instanceof Refused ? reason.message : String(reason)
    }
  }
  useEffect(() => {
    const timer = setTimeout(() => void ask(), asked.peek() === 0 ? 600 : 250)
    return () => clearTimeout(timer)
  }, [text, cap, capital, most, symbols.length, asked.value])
  const full = useComputed(() => Math.max(Number(cap) || 0, ...parts.value.map(({ weight }) => weight)) * 1.1 || 1)
  return (
    <>
      <div class="title">
        <h1>Allocation</h1>
      </div>
      <div class="halves">
        <section class="card">
          <h2>Question</h2>
          <div class="stack">
            <div class="fields">
              <Field name="cap" label="Cap, as a share" value={cap} />
              <Field name="count" label="Largest" value={most} />
              <Field name="capital" label="Capital" value={capital} />
              <button type="button" class="tool" onClick={() => (asked.value += 1)}>
                At the prices of now
              </button>
            </div>
            <label class="field">
              Assets, a line each: name, market capitalisation, price (of the market if left out)
              <textarea
                rows={10}
                spellcheck={false}
                class="mono"
                value={text}
                onInput={event => setQuery('assets', event.currentTarget.value)}
              />
            </label>
          </div>
          {error.value && (
            <p class="refusal" role="alert">
              {error.value}
            </p>
          )}
        </section>
        <section class="card">
          <h2>Allocation</h2>
          <Grid
            label="Allocation"
            id="parts"
            rows={parts}
            keyOf={row => row.symbol}
            columns={columnsFor(full.value, Number(cap))}
            height={392}
            empty="no answer yet"
          />
        </section>
      </div>
      <AllocationPast parts={parts} />
      <Backtest assets={pricedAssets} cap={Number(cap)} count={Number(most)} capital={Number(capital)} />
    </>
  )
}
