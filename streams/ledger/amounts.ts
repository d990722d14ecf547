import { formatDecimal, readDecimal } from '../lib/decimal.ts'
import type { Transaction, WrittenTransaction } from '../pnl/transaction.ts'
import { AMOUNT_MAX } from '../wire/limits.ts'

/** What an account holds stays below this, as sums of amounts below AMOUNT_MAX do: 10⁵⁸ at 18 decimals is what a column can hold. */
const BALANCE_MAX = 10n ** 76n

/** Whether a posting can be kept everywhere: its amount is below 10³⁰, and the balance after it fits into every column. */
export const isStorable = ({ amount, after }: { readonly amount: bigint; readonly after: bigint }): boolean =>
  amount < AMOUNT_MAX && amount > -AMOUNT_MAX && after < BALANCE_MAX && after > -BALANCE_MAX

/** An amount of an asset, in 10⁻¹⁸. */
export interface Leg {
  readonly asset: string
  readonly amount: bigint
}

/** The JSON form of a type: amounts are decimal strings, maps are objects. */
export type Written<T> = T extends bigint
  ? string
  : T extends Transaction
    ? WrittenTransaction
    : T extends ReadonlyMap<string, bigint>
      ? Readonly<Record<string, string>>
      : T extends readonly (infer E)[]
        ? readonly Written<E>[]
        : T extends object
          ? { readonly [K in keyof T]: Written<T[K]> }
          : T

/** Returns a leg in its JSON form. */
export const writeLeg = ({ asset, amount }: Leg): Written<Leg> => ({ asset, amount: formatDecimal(amount) })
/** Reads a leg from its JSON form. Throws TypeError if the amount is no decimal. */
export const readLeg = ({ asset, amount }: Written<Leg>): Leg => ({ asset, amount: readDecimal(amount) })

/** Returns amounts by asset in their JSON form, in the order of the map. */
export const writeAmounts = (amounts: ReadonlyMap<string, bigint>): Record<string, string> =>
  Object.fromEntries([...amounts].map(([asset, amount]) => [asset, formatDecimal(amount)]))
/** Reads amounts by asset from their JSON form. Throws TypeError if one is no decimal. */
export const readAmounts = (amounts: Readonly<Record<string, string>>): Map<string, bigint> =>
  new Map(Object.entries(amounts).map(([asset, amount]) => [asset, readDecimal(amount)]))
/** Returns the map in the order in which it is read again: JSON puts names that are numbers first. */
export const inJsonOrder = <T>(map: Iterable<readonly [string, T]>): Map<string, T> => new Map(Object.entries(Object.fromEntries(map)))
