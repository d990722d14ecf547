import { field, flag, kept, list, measure, number, place, reasons, sum, text } from './fields.ts'

/** Figures of each asset of a portfolio. */
export const ASSETS = list('assets', 'objects', [
  field('qty', number),
  field('price', number),
  field('avg', number),
  field('value', number),
  field('cost', number),
  field('unrealised', number),
  field('realised', number),
])

/** The figures of a portfolio, as `pnl:PORTFOLIO` shows them and the table `pnl` keeps them. Money in the quote currency. */
export const PNL = measure('pnl', 'pnl', [
  field('quote', text),
  field('method', text),
  field('value', sum),
  field('cost', sum),
  field('unrealised', sum),
  field('realised', sum),
  field('income', sum),
  field('expenses', sum),
  field('fees', sum),
  field('flows', sum),
  field('total', sum),
  // The sums without assets that have no price; unknown if nothing had to be left out.
  field('knownValue', number, 'known.value'),
  field('knownCost', number, 'known.cost'),
  field('knownUnrealised', number, 'known.unrealised'),
  field('knownRealised', number, 'known.realised'),
  field('knownIncome', number, 'known.income'),
  field('knownExpenses', number, 'known.expenses'),
  field('knownFees', number, 'known.fees'),
  field('knownFlows', number, 'known.flows'),
  field('knownTotal', number, 'known.total'),
  field('day', number),
  field('twr', number), // time-weighted return since the first transaction, as a fraction
  field('drawdownAbs', number, 'drawdown.abs'),
  field('drawdownRel', number, 'drawdown.rel'),
  place('assets', 'unpriced'),
  field('stale', flag),
  ASSETS,
  // What the return and the drawdown have come to: a later start goes on from there.
  kept('pathGrowth', number),
  kept('pathBase', number),
  kept('pathPeak', number),
  kept('pathHighest', number),
  kept('pathAbs', number),
  kept('pathRel', number),
  reasons('unpriced'), // why an asset's worth is not known in full
])
