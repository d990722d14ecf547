import { formatDecimal, toNumber } from '../lib/decimal.ts'
import type { AssetPnl } from '../measures/rows.ts'
import type { Held, Portfolio } from '../pnl/portfolio.ts'
import type { Positions } from '../pnl/positions.ts'
import type { Computed, Explained, Explaining, Figure } from './explanation.ts'

/** A portfolio, and the names of where ticks come from. */
export interface ExplainedPortfolio {
  readonly portfolio: Portfolio
  readonly nameOf: (source: number) => string
}

type Explain = Figure<ExplainedPortfolio>['explain']

/** Rows that are booked again for an explanation; of more only their number is said. */
const ROWS_MAX = 5_000
/** Rows and lots that are listed one by one; what lies before them is one input. */
const LISTED_MAX = 200

/** An amount that rows have made what it is, 10⁻¹⁸: the sum over what each has added. */
const ofRows = (
  name: string,
  value: number,
  { portfolio }: ExplainedPortfolio,
  amount: (positions: Positions) => bigint,
  by: Explaining,
): Explained => {
  const made = (): Computed => {
    const rows = portfolio.rowCount > ROWS_MAX ? [] : rowsOf(portfolio, amount)
    const sum = rows.reduce((total, row) => total + row.added, 0n)
    // What a split or a new name has made of an amount is in no row.
    if (Math.abs(toNumber(sum) - value) > 1e-9 * Math.max(1, Math.abs(value)))
      return ['booked', [by.given('booked', value, { source: `${portfolio.rowCount} rows of ${portfolio.spec.id}` })]]
    const listed = rows.slice(-LISTED_MAX)
    const before = sum - listed.reduce((total, row) => total + row.added, 0n)
    return [
      'Σ(row)',
      [
        ...(rows.length > listed.length
          ? [by.given('row.earlier', toNumber(before), { source: `${rows.length - listed.length} older rows of ${portfolio.spec.id}` })]
          : []),
        ...listed.map(({ added, what, t }, i) => by.given(`row.${i}`, toNumber(added), { source: what, t })),
      ],
    ]
  }
  return by.computed(name, value, made)
}

interface AddingRow {
  readonly t: number
  readonly what: string
  readonly added: bigint
}

/** Returns the rows that have changed an amount, in order. */
const rowsOf = (portfolio: Portfolio, amount: (positions: Positions) => bigint): AddingRow[] => {
  const rows: AddingRow[] = []
  let before = 0n
  portfolio.rebook(({ t, type, asset, qty, id }, positions) => {
    const now = amount(positions)
    if (now !== before) rows.push({ t, what: `row ${id || 'without an id'}: ${type} ${formatDecimal(qty)} ${asset}`, added: now - before })
    before = now
  })
  return rows
}

/** The sums that bookings alone make. */
const BOOKED = {
  realised: ({ realised }: Positions) => realised,
  income: ({ income }: Positions) => income,
  expenses: ({ expenses }: Positions) => expenses,
  fees: ({ fees }: Positions) => fees,
  flows: ({ flows }: Positions) => flows,
} as const
type Booked = keyof typeof BOOKED

const booked = (name: string, of: ExplainedPortfolio, sum: Booked, by: Explaining): Explained =>
  ofRows(name, of.portfolio.bookedNow[sum], of, BOOKED[sum], by)

const heldOf = ({ portfolio }: ExplainedPortfolio, asset: string): Held | undefined =>
  portfolio.held.find(({ position }) => position.asset === asset)

/** Explains a figure of one asset, if it is known. */
const ofAsset =
  (
    member: Exclude<keyof AssetPnl, 'asset'>,
    explain: (name: string, of: ExplainedPortfolio, figures: AssetPnl, held: Held, by: Explaining) => Explained,
  ): Explain =>
  (of, path, [asset = ''], by) => {
    const figures = of.portfolio.figures.assets.find(each => each.asset === asset)
    const held = heldOf(of, asset)
    return figures === undefined || held === undefined || Number.isNaN(figures[member]) ? undefined : explain(path, of, figures, held, by)
  }

const qty = (name: string, of: ExplainedPortfolio, { asset, qty: value }: AssetPnl, by: Explaining): Explained =>
  ofRows(name, value, of, positions => positions.byAsset.get(asset)?.qty ?? 0n, by)

/** Nothing is worth nothing, even at an unknown price. */
const value = (name: string, of: ExplainedPortfolio, figures: AssetPnl, held: Held, by: Explaining): Explained => {
  const { asset, qty: amount } = figures
  const made = (): Computed => {
    const quantity = qty('qty', of, figures, by)
    return amount === 0 ? ['qty', [quantity]] : ['qty × price', [quantity, by.price('price', held.instrument, of.nameOf)]]
  }
  return by.computed(name, amount === 0 ? 0 : figures.value, made, `assets.${asset}.value`)
}

const cost = (name: string, of: ExplainedPortfolio, { asset }: AssetPnl, { position }: Held, by: Explaining): Explained => {
  const total = toNumber(position.lots.cost)
  const made = (): Computed => {
    const open = position.lots.open
    // Cash has no lots: what it cost is what it is.
    if (open.length === 0) return ['held', [by.given('held', total, { source: `rows of ${of.portfolio.spec.id}` })]]
    const listed = open.slice(0, LISTED_MAX)
    const rest = position.lots.cost - listed.reduce((sum, lot) => sum + lot.cost, 0n)
    return [
      'Σ(lot)',
      [
        ...listed.map((lot, i) =>
          by.given(`lot.${i}`, toNumber(lot.cost), { source: `${formatDecimal(lot.qty)} ${asset} that are left of a purchase`, t: lot.t }),
        ),
        ...(rest > 0n ? [by.given('lot.others', toNumber(rest), { source: `${open.length - listed.length} further lots` })] : []),
      ],
    ]
  }
  return by.computed(name, total, made, `assets.${asset}.cost`)
}

/** Assets that are part of a sum: those without `leave`, and none that is ignored. */
const summed = (of: ExplainedPortfolio, leave: (held: Held, figures: AssetPnl) => boolean): [AssetPnl, Held][] => {
  const { portfolio } = of
  return portfolio.figures.assets.flatMap(figures => {
    const held = heldOf(of, figures.asset)
    const isPart = held !== undefined && !portfolio.spec.ignore?.has(figures.asset) && !leave(held, figures)
    return isPart ? [[figures, held] as [AssetPnl, Held]] : []
  })
}

/** What cannot be part of a sum that is known in part only. */
const isUnknown = ({ unvalued }: Held, { qty: amount, price }: AssetPnl): boolean => unvalued || (amount !== 0 && Number.isNaN(price))
const nothing = (): boolean => false

const sumOf = (
  name: string,
  total: number,
  of: ExplainedPortfolio,
  member: 'value' | 'cost',
  leave: typeof isUnknown,
  by: Explaining,
): Explained => {
  const explain = member === 'value' ? value : cost
  return by.computed(
    name,
    total,
    () => [`Σ(${member})`, summed(of, leave).map(([figures, held]) => explain(`${member}.${figures.asset}`, of, figures, held, by))],
    name,
  )
}

/** The cost of what a sum leaves out: ignored assets, or also those that are unknown. */
const leftOut = (name: string, of: ExplainedPortfolio, alsoUnknown: boolean, by: Explaining): Explained => {
  const { portfolio } = of
  const out = portfolio.figures.assets.flatMap(figures => {
    const held = heldOf(of, figures.asset)
    if (held === undefined) return []
    const isOut = portfolio.spec.ignore?.has(figures.asset) || (alsoUnknown && isUnknown(held, figures))
    return isOut
      ? [by.given(`cost.${figures.asset}`, toNumber(held.position.lots.cost), { source: `lots of ${figures.asset}, which is left out` })]
      : []
  })
  return by.computed(
    name,
    out.reduce((sum, each) => sum + Number(each.value), 0),
    () => ['Σ(cost)', out],
  )
}

/** The sums of all assets, or those that are known while something has no price. */
const SUM: {
  readonly [S in 'value' | 'cost' | 'unrealised' | 'total' | Booked]: (
    name: string,
    of: ExplainedPortfolio,
    known: boolean,
    by: Explaining,
  ) => Explained
} = {
  value: (name, of, known, by) => {
    const { figures } = of.portfolio
    return sumOf(name, known ? figures.knownValue : figures.value, of, 'value', known ? isUnknown : nothing, by)
  },
  cost: (name, of, known, by) => {
    const { figures } = of.portfolio
    return sumOf(name, known ? figures.knownCost : figures.cost, of, 'cost', known ? isUnknown : nothing, by)
  },
  unrealised: (name, of, known, by) => {
    const { figures } = of.portfolio
    const [all, spent] = [SUM.value('value', of, known, by), SUM.cost('cost', of, known, by)]
    return by.computed(name, known ? figures.knownUnrealised : figures.unrealised, () => ['value − cost', [all, spent]])
  },
  total: (name, of, known, by) => {
    const { figures } = of.portfolio
    return by.computed(
      name,
      known ? figures.knownTotal : figures.total,
      () => [
        'realised + unrealised + income − expenses',
        [
          booked('realised', of, 'realised', by),
          SUM.unrealised('unrealised', of, known, by),
          booked('income', of, 'income', by),
          booked('expenses', of, 'expenses', by),
        ],
      ],
      name,
    )
  },
  realised: (name, of, _, by) => booked(name, of, 'realised', by),
  income: (name, of, _, by) => booked(name, of, 'income', by),
  expenses: (name, of, _, by) => booked(name, of, 'expenses', by),
  fees: (name, of, _, by) => booked(name, of, 'fees', by),
  flows: (name, of, known, by) => {
    const { figures } = of.portfolio
    return by.computed(name, known ? figures.knownFlows : figures.flows, () => [
      'booked − out',
      [booked('booked', of, 'flows', by), leftOut('out', of, known, by)],
    ])
  },
}

const sums = (prefix: string, known: boolean): Figure<ExplainedPortfolio>[] =>
  (Object.keys(SUM) as (keyof typeof SUM)[]).map(name => ({
    pattern: prefix + name,
    explain: (of, path, _, by) => {
      const member = known ? (`known${name[0]!.toUpperCase()}${name.slice(1)}` as 'knownValue') : name
      return Number.isNaN(of.portfolio.figures[member]) ? undefined : SUM[name](path, of, known, by)
    },
  }))

const day: Explain = (of, path, _, by) => {
  const { figures, midnightNow } = of.portfolio
  if (Number.isNaN(figures.day)) return undefined
  const midnight = by.given('midnight', midnightNow.total, { source: 'total at 00:00 UTC', t: midnightNow.t })
  return by.computed(path, figures.day, () => ['total − midnight', [SUM.total('total', of, false, by), midnight]])
}

const PATH = 'what the portfolio has gone through so far'

/** What a unit of money invested at the beginning has grown to. */
const growth = (name: string, of: ExplainedPortfolio, by: Explaining): Explained => {
  const { growth: before, base } = of.portfolio.pathNow
  const { value: worth } = of.portfolio.figures
  const grown = by.given('grown', before, { source: `${PATH}: growth at the last flow` })
  if (base === 0) return by.computed(name, before, () => ['grown', [grown]])
  return by.computed(name, (before * worth) / base, () => [
    'grown × value ÷ base',
    [grown, SUM.value('value', of, false, by), by.given('base', base, { source: `${PATH}: what was held after the last flow` })],
  ])
}

const twr: Explain = (of, path, _, by) =>
  Number.isNaN(of.portfolio.figures.twr)
    ? undefined
    : by.computed(path, of.portfolio.figures.twr, () => ['growth − 1', [growth('growth', of, by)]])

const fallAbs: Explain = (of, path, _, by) => {
  const { abs, peak } = of.portfolio.pathNow
  if (Number.isNaN(of.portfolio.figures.drawdownAbs)) return undefined
  return by.computed(path, of.portfolio.figures.drawdownAbs, () => [
    'max(deepest, max(peak, total) − total)',
    [
      by.given('deepest', abs, { source: `${PATH}: the deepest fall` }),
      by.given('peak', peak, { source: `${PATH}: the highest total` }),
      SUM.total('total', of, false, by),
    ],
  ])
}

const fallRel: Explain = (of, path, _, by) => {
  const { rel, highest } = of.portfolio.pathNow
  if (Number.isNaN(of.portfolio.figures.drawdownRel)) return undefined
  return by.computed(path, of.portfolio.figures.drawdownRel, () => [
    'max(deepest, 1 − growth ÷ max(highest, growth))',
    [
      by.given('deepest', rel, { source: `${PATH}: the deepest fall` }),
      by.given('highest', highest, { source: `${PATH}: the highest growth` }),
      growth('growth', of, by),
    ],
  ])
}

const balance: Explain = (of, path, [account = '', asset = ''], by) => {
  const shown = of.portfolio.figures.accounts.find(each => each.account === account)
  const found = shown?.balances.find(([name]) => name === asset)?.[1]
  if (found === undefined) return undefined
  return ofRows(path, found, of, positions => positions.balances.byAccount.get(account)?.get(asset) ?? 0n, by)
}

/** Every figure of `pnl:PORTFOLIO`. */
export const PNL_FIGURES: readonly Figure<ExplainedPortfolio>[] = [
  ...sums('', false),
  ...sums('known.', true),
  { pattern: 'day', explain: day },
  { pattern: 'twr', explain: twr },
  { pattern: 'drawdown.abs', explain: fallAbs },
  { pattern: 'drawdown.rel', explain: fallRel },
  { pattern: 'assets.*.qty', explain: ofAsset('qty', (name, of, figures, _, by) => qty(name, of, figures, by)) },
  {
    pattern: 'assets.*.price',
    explain: ofAsset('price', (name, { nameOf }, figures, held, by) =>
      by.computed(name, figures.price, () => ['trade', [by.price('trade', held.instrument, nameOf)]]),
    ),
  },
  {
    pattern: 'assets.*.avg',
    explain: ofAsset('avg', (name, of, figures, held, by) =>
      by.computed(name, figures.avg, () => ['cost ÷ qty', [cost('cost', of, figures, held, by), qty('qty', of, figures, by)]]),
    ),
  },
  { pattern: 'assets.*.value', explain: ofAsset('value', value) },
  { pattern: 'assets.*.cost', explain: ofAsset('cost', cost) },
  {
    pattern: 'assets.*.unrealised',
    explain: ofAsset('unrealised', (name, of, figures, held, by) =>
      by.computed(name, figures.unrealised, () => [
        'value − cost',
        [value('value', of, figures, held, by), cost('cost', of, figures, held, by)],
      ]),
    ),
  },
  {
    pattern: 'assets.*.realised',
    explain: ofAsset('realised', (name, of, { asset, realised }, _, by) =>
      ofRows(name, realised, of, positions => positions.byAsset.get(asset)?.realised ?? 0n, by),
    ),
  },
  { pattern: 'accounts.*.*', explain: balance },
]
