/** The sums of a portfolio, in the order of their columns. */
export const SUMS = ['value', 'cost', 'unrealised', 'realised', 'income', 'expenses', 'fees', 'flows', 'total'] as const
type Sum = (typeof SUMS)[number]

/** The sums of a portfolio, in the quote currency; NaN is unknown. */
export type Sums = { readonly [S in Sum]: number }

/** The sums without what has no price, `knownValue` …; NaN if nothing had to be left out. */
export type KnownSums = { readonly [S in Sum as `known${Capitalize<S>}`]: number }

/** The members of `KnownSums`, in the order of `SUMS`. */
export const KNOWN_SUMS = SUMS.map(sum => `known${sum[0]!.toUpperCase()}${sum.slice(1)}` as keyof KnownSums)
