import type { Interner } from '../lib/interner.ts'

/** Compares two sources: below zero if the first counts before the second. */
export type SourceOrder<Name = number> = (a: Name, b: Name) => number

/** Returns the order of sources by name: those in `named` as they stand there, then the others by the alphabet. */
export const orderOfNames = (named: readonly string[]): SourceOrder<string> => {
  const rank = (name: string): number => (named.includes(name) ? named.indexOf(name) : named.length)
  return (one, other) => rank(one) - rank(other) || (one < other ? -1 : one > other ? 1 : 0)
}

/** Returns the same order for the numbers that sources have. */
export const orderOfNumbers = (sources: Interner, named: readonly string[]): SourceOrder => {
  const order = orderOfNames(named)
  return (a, b) => order(sources.at(a), sources.at(b))
}
