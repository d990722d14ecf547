import { field, flag, list, measure, number, place, reasons, shown, sum, text } from './fields.ts'

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
  field('day', number),
  shown('twr', number), // time-weighted return since the first transaction, as a fraction
  field('drawdownAbs', sum, 'drawdown.abs'),
  field('drawdownRel', sum, 'drawdown.rel'),
  place('assets', 'unpriced'),
  field('stale', flag),
  ASSETS,
  reasons('unpriced'), // why the value of an asset is not in the sums
])
