import type { StoredKind } from '../wire/channels.ts'
import type { ElementOf, Measure, RowOf, ShownOf } from './fields.ts'
import { type CONSTITUENTS, FUND } from './fundFields.ts'
import { type ASSETS, PNL } from './pnlFields.ts'
import { POOL } from './poolFields.ts'

/** Every stored measure, by the kind of its channels: the kinds that have a past, but for those of prices. */
export const MEASURES = { pnl: PNL, fund: FUND, pool: POOL } as const satisfies {
  readonly [K in Exclude<StoredKind, 'tick' | 'candle'>]: Measure<K>
}

/** The kind of a stored measure. */
export type MeasureKind = keyof typeof MEASURES
/** A row of any measure. */
export type MeasureRow = { [K in MeasureKind]: RowOf<(typeof MEASURES)[K]> }[MeasureKind]

/** Whether a kind of channels shows a stored measure. */
export const isMeasure = (kind: string): kind is MeasureKind => Object.hasOwn(MEASURES, kind)

/** A row of a portfolio. */
export interface PnlRow extends RowOf<typeof PNL> {}
/** A row of a fund. */
export interface FundRow extends RowOf<typeof FUND> {}
/** A row of a pool. */
export interface PoolRow extends RowOf<typeof POOL> {}

/** One asset of a portfolio. */
export interface AssetPnl extends ElementOf<typeof ASSETS> {}
/** One asset of a fund. */
export interface Constituent extends ElementOf<typeof CONSTITUENTS> {}

/** All figures of a portfolio: its row, and those that are not stored. */
export interface PnlFigures extends PnlRow, ShownOf<typeof PNL> {
  /** Balances of its accounts, if they have names. */
  readonly accounts: readonly AccountBalances[]
}

/** The quantities that one account of a portfolio holds. */
export interface AccountBalances {
  readonly account: string
  readonly balances: readonly (readonly [asset: string, qty: number])[]
}

/** All figures of a pool: its row, and those that are not stored. */
export interface PoolFigures extends PoolRow, ShownOf<typeof POOL> {}
