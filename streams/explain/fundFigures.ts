import type { Fund, FundParts } from '../fund/fund.ts'
import { type Holdings, worth } from '../fund/holdings.ts'
import type { FundRow } from '../measures/rows.ts'
import { stateOf } from '../measures/stateOf.ts'
import { valueAt } from '../wire/statePath.ts'
import type { Computed, Explained, Explaining, Figure } from './explanation.ts'
import { liveTarget } from './targetFigures.ts'

/** A fund, and the names of where ticks come from. */
export interface ExplainedFund {
  readonly fund: Fund
  readonly nameOf: (source: number) => string
}

type Explain = Figure<ExplainedFund>['explain']

const BPS = 10_000
const JOURNAL = 'the journal'

/** Adds a member for each asset that is held. */
const each = (held: Holdings, make: (asset: string, i: number) => Explained): Explained[] => held.assets.map(make)

/** What some units of each asset are worth: of all shares, or of one. */
const worths = (
  name: string,
  held: Holdings,
  amounts: Float64Array,
  what: string,
  { nameOf }: ExplainedFund,
  by: Explaining,
): Explained[] =>
  each(held, (asset, i) => {
    const price = held.instruments[i] === undefined ? 1 : held.instruments[i].price
    return by.computed(`${name}.${asset}`, worth(amounts[i]!, price), () =>
      // Nothing is worth nothing, even at an unknown price.
      amounts[i] === 0
        ? ['units', [by.given('units', 0, { source: `${JOURNAL}: ${what}` })]]
        : [
            'units × price',
            [by.given('units', amounts[i]!, { source: `${JOURNAL}: ${what}` }), by.price('price', held.instruments[i], nameOf)],
          ],
    )
  })

const partsOf = ({ fund }: ExplainedFund): FundParts => fund.parts

const aum = (name: string, of: ExplainedFund, by: Explaining): Explained => {
  const { holdings } = partsOf(of)
  return by.computed(name, of.fund.figures.aum, () => ['Σ(worth)', worths('worth', holdings, holdings.amount, 'custody', of, by)], 'aum')
}

/** What the units of a share are worth. */
const perShare = (name: string, of: ExplainedFund, held: Holdings, by: Explaining): Explained => {
  const parts = (): Explained[] => worths('worth', held, held.units, 'units of a share', of, by)
  const value = held.assets.reduce(
    (sum, _, i) => sum + worth(held.units[i]!, held.instruments[i] === undefined ? 1 : held.instruments[i].price),
    0,
  )
  return by.computed(name, value, () => ['Σ(worth)', parts()])
}

const nav = (name: string, of: ExplainedFund, by: Explaining): Explained => {
  const { shares, holdings } = partsOf(of)
  const made = (): Computed =>
    shares > 0
      ? [
          'aum ÷ shares',
          [aum('aum', of, by), by.given('shares', valueAt(stateOf(of.fund.figures), 'shares') as string, { source: JOURNAL })],
        ]
      : ['units', [perShare('units', of, holdings, by)]]
  return by.computed(name, of.fund.figures.nav, made, 'nav')
}

/** What the basket of a share fetches at the best bids, or costs at the best asks. */
const baskets = (side: 'bid' | 'ask', { fund }: ExplainedFund, by: Explaining): Explained[] => {
  const { holdings } = fund.parts
  return each(holdings, (asset, i) => {
    const [instrument, units] = [holdings.instruments[i], holdings.units[i]!]
    const name = `${side}.${asset}`
    const held = by.given('units', units, { source: `${JOURNAL}: units of a share` })
    if (instrument === undefined || units === 0) return by.computed(name, instrument === undefined ? units : 0, () => ['units', [held]])
    const { symbol, quoteT: t, stale } = instrument
    const quote = by.given(side, instrument[side], { source: `the newest quote of ${symbol}`, t, stale })
    return by.computed(name, units * instrument[side], () => [`units × ${side}`, [held, quote]])
  })
}

const inav =
  (side: 'bid' | 'ask'): Explain =>
  (of, path, _, by) => {
    const { figures, spec } = of.fund
    const value = side === 'bid' ? figures.inavBid : figures.inavAsk
    if (!of.fund.begun || Number.isNaN(value)) return undefined
    const [bps, sign] = side === 'bid' ? [spec.redeemFeeBps, '−'] : [spec.createFeeBps, '+']
    return by.computed(path, value, () => [
      `Σ(${side}) ${sign} fee × nav`,
      [
        ...baskets(side, of, by),
        by.given('fee', bps / BPS, { source: `the configuration: the fee of ${side === 'bid' ? 'a redemption' : 'a creation'}` }),
        nav('nav', of, by),
      ],
    ])
  }

const inavMid: Explain = (of, path, _, by) =>
  of.fund.begun && !Number.isNaN(of.fund.figures.inavMid)
    ? by.computed(path, of.fund.figures.inavMid, () => ['(Σ(bid) + Σ(ask)) ÷ 2', [...baskets('bid', of, by), ...baskets('ask', of, by)]])
    : undefined

/** The age of the oldest price: that of an asset without a quote is that of its trade. */
const inavAge: Explain = ({ fund }, path, _, by) => {
  const { holdings } = fund.parts
  const { inavAge: value, t } = fund.figures
  if (!fund.begun || Number.isNaN(value)) return undefined
  return by.computed(path, value, () => [
    'now − min(now, made)',
    [
      by.given('now', t, { source: 'the end of the frame', t }),
      ...holdings.assets.flatMap((asset, i) => {
        const instrument = holdings.instruments[i]
        if (instrument === undefined) return []
        const made = Number.isNaN(instrument.quoteT) ? instrument.t : instrument.quoteT
        return Number.isNaN(made)
          ? []
          : [by.given(`made.${asset}`, made, { source: `the newest quote of ${instrument.symbol}, or its newest trade`, t: made })]
      }),
    ],
  ])
}

const level: Explain = (of, path, _, by) => {
  const { basis, divisor } = partsOf(of)
  if (!of.fund.begun || Number.isNaN(of.fund.figures.level)) return undefined
  return by.computed(path, of.fund.figures.level, () => [
    'units ÷ divisor',
    [perShare('units', of, basis, by), by.given('divisor', divisor, { source: 'the inception, and what rebalances have made of it' })],
  ])
}

/** The place of an asset among those that are held; undefined if it is not. */
const placeOf = ({ holdings }: FundParts, asset: string): number | undefined => {
  const i = holdings.assets.indexOf(asset)
  return i < 0 ? undefined : i
}

/** Explains a figure of one asset that is held, if it is known. */
const ofAsset =
  (
    column: 'price' | 'weight' | 'target' | 'drift' | 'priceT',
    explain: (name: string, of: ExplainedFund, i: number, by: Explaining) => Explained,
  ): Explain =>
  (of, path, [asset = ''], by) => {
    const parts = partsOf(of)
    const i = placeOf(parts, asset)
    return i === undefined || Number.isNaN(parts.holdings[column][i]!) ? undefined : explain(path, of, i, by)
  }

const weight = (name: string, of: ExplainedFund, i: number, by: Explaining): Explained => {
  const { holdings } = partsOf(of)
  const made = (): Computed => {
    const value = worth(holdings.amount[i]!, holdings.price[i]!)
    const price = by.price('price', holdings.instruments[i], of.nameOf)
    const units = by.given('units', holdings.amount[i]!, { source: `${JOURNAL}: custody` })
    return [
      'worth ÷ aum',
      [by.computed('worth', value, () => (units.value === 0 ? ['units', [units]] : ['units × price', [units, price]])), aum('aum', of, by)],
    ]
  }
  return by.computed(name, holdings.weight[i]!, made, `weights.${holdings.assets[i]}`)
}

const target = (name: string, of: ExplainedFund, i: number, by: Explaining): Explained => {
  const { holdings } = partsOf(of)
  const { weighting, targets } = of.fund.spec
  const value = holdings.target[i]!
  if (weighting.scheme === 'units') return by.computed(name, value, () => ['weight', [weight('weight', of, i, by)]])
  const live = targets === 'live' ? liveTarget(name, of.fund, holdings.assets[i]!, of.nameOf, by) : undefined
  if (live) return live
  const source =
    targets === 'live'
      ? `the weighting ${weighting.scheme} by the prices of this moment`
      : `${JOURNAL}: the weights that the last inception or rebalance has set`
  return by.computed(name, value, () => ['set', [by.given('set', value, { source })]])
}

const drift = (name: string, of: ExplainedFund, i: number, by: Explaining): Explained => {
  const { holdings } = partsOf(of)
  const made = (): Computed => ['weight − target', [weight('weight', of, i, by), target('target', of, i, by)]]
  return by.computed(name, holdings.drift[i]!, made, `drift.${holdings.assets[i]}`)
}

/** How far each asset is from its target; one that is aimed at and not held by all of it. */
const away = (of: ExplainedFund, by: Explaining): Explained[] => {
  const { holdings } = partsOf(of)
  const live = of.fund.spec.targets === 'live' ? of.fund.targets.weigh(of.fund.figures.t) : undefined
  const others = [...(live ?? [])].filter(([asset]) => !holdings.assets.includes(asset))
  return [
    ...each(holdings, (asset, i) =>
      by.computed(`away.${asset}`, Math.abs(holdings.drift[i]!), () => ['abs(drift)', [drift('drift', of, i, by)]]),
    ),
    ...others.map(([asset, aimed]) => by.given(`away.${asset}`, aimed, { source: 'a target of this moment that is not held' })),
  ]
}

const overDrifts =
  (formula: string, value: (figures: FundRow) => number): Explain =>
  (of, path, _, by) => {
    const found = value(of.fund.figures)
    return !of.fund.begun || Number.isNaN(found) ? undefined : by.computed(path, found, () => [formula, away(of, by)])
  }

/** A figure of the state that the journal, or what was decided before, says. */
const said =
  (source: string): Explain =>
  ({ fund }, path, _, by) => {
    const value = valueAt(stateOf(fund.figuresNow()), path)
    if (typeof value !== 'number' && typeof value !== 'string') return undefined
    return by.computed(path, value, () => ['said', [by.given('said', value, { source })]])
  }

const market = (name: string, { fund, nameOf }: ExplainedFund, by: Explaining): Explained | undefined => {
  const instrument = partsOf({ fund, nameOf }).market
  if (instrument === undefined || Number.isNaN(instrument.price)) return undefined
  return by.computed(name, instrument.price, () => ['trade', [by.price('trade', instrument, nameOf)]])
}

const premium: Explain = (of, path, _, by) => {
  const traded = market('market', of, by)
  if (traded === undefined || Number.isNaN(of.fund.figures.premium)) return undefined
  return by.computed(path, of.fund.figures.premium, () => ['(market − nav) ÷ nav', [traded, nav('nav', of, by)]])
}

/** Every figure of `fund:FUND`. */
export const FUND_FIGURES: readonly Figure<ExplainedFund>[] = [
  { pattern: 'nav', explain: (of, path, _, by) => (of.fund.begun && !Number.isNaN(of.fund.figures.nav) ? nav(path, of, by) : undefined) },
  { pattern: 'aum', explain: (of, path, _, by) => (of.fund.begun && !Number.isNaN(of.fund.figures.aum) ? aum(path, of, by) : undefined) },
  { pattern: 'shares', explain: said(JOURNAL) },
  { pattern: 'level', explain: level },
  { pattern: 'inav.bid', explain: inav('bid') },
  { pattern: 'inav.mid', explain: inavMid },
  { pattern: 'inav.ask', explain: inav('ask') },
  { pattern: 'inav.age', explain: inavAge },
  { pattern: 'totalDrift', explain: overDrifts('Σ(away) ÷ 2', ({ totalDrift }) => totalDrift) },
  { pattern: 'maxDrift', explain: overDrifts('max(away)', ({ maxDrift }) => maxDrift) },
  { pattern: 'rebalance.since', explain: said('the frame in which a rebalance was first asked for') },
  { pattern: 'rebalance.last', explain: said(JOURNAL) },
  { pattern: 'market', explain: (of, path, _, by) => market(path, of, by) },
  { pattern: 'premium', explain: premium },
  { pattern: 'units.*', explain: said(`${JOURNAL}: units of a share`) },
  {
    pattern: 'prices.*',
    explain: ofAsset('price', (name, of, i, by) => {
      const { holdings } = partsOf(of)
      return by.computed(name, holdings.price[i]!, () => ['trade', [by.price('trade', holdings.instruments[i], of.nameOf)]])
    }),
  },
  { pattern: 'weights.*', explain: ofAsset('weight', weight) },
  { pattern: 'target.*', explain: ofAsset('target', target) },
  { pattern: 'drift.*', explain: ofAsset('drift', drift) },
  {
    pattern: 'priceT.*',
    explain: ofAsset('priceT', (name, of, i, by) => {
      const { holdings } = partsOf(of)
      const t = holdings.priceT[i]!
      return by.computed(name, t, () => [
        'trade',
        [by.given('trade', t, { source: `the newest trade of ${holdings.instruments[i]?.symbol}`, t })],
      ])
    }),
  },
]
