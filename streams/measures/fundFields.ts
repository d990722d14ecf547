import { amount, exact, field, flag, kept, list, measure, names, number, optionalText, place, time } from './fields.ts'

/** Figures of each asset that a fund holds or has held. `units` are those that a share holds. */
export const CONSTITUENTS = list('constituents', 'maps', [
  field('units', amount),
  field('price', number, 'prices'),
  field('weight', number, 'weights'),
  field('target', number),
  field('drift', number),
  field('priceT', time), // when a price older than an hour was made; NaN of any other
])

/** The figures of a fund, as `fund:FUND` shows them and the table `funds` keeps them. Money in the quote currency. */
export const FUND = measure('fund', 'funds', [
  field('nav', number),
  place('inav'),
  field('aum', number),
  field('shares', amount), // undefined before inception
  field('level', number),
  place('units', 'prices', 'weights', 'target', 'drift'),
  field('inavBid', number, 'inav.bid'),
  field('inavMid', number, 'inav.mid'),
  field('inavAsk', number, 'inav.ask'),
  field('inavAge', exact, 'inav.age'), // ms between the frame and the oldest price used
  field('totalDrift', number),
  field('maxDrift', number),
  field('rebalanceNeeded', flag, 'rebalance.needed'),
  field('rebalanceReason', optionalText, 'rebalance.reason'), // '' if none is needed
  field('rebalanceSince', time, 'rebalance.since'), // NaN if none is needed
  field('rebalanceLast', time, 'rebalance.last'), // NaN before the first
  field('market', number),
  field('premium', number),
  names('pending', 'no price yet'), // assets without whose price the fund cannot begin, or cannot be valued
  names('blocked', 'no market'), // assets at whose last price nothing is traded
  field('halted', flag),
  field('stale', flag),
  CONSTITUENTS,
  // A later start goes on from these.
  kept('seenAt', time), // the frame that the figures are of
  kept('pricedSince', time), // when the first price of a fund came that has not begun
  kept('divisor', number), // of the level
])
