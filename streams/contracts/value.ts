/** The first word of the call's data, of which the first four bytes are the selector. */
export const CALL_WORD = 'word'
/** The selector of the call, as a number. */
export const SELECTOR = 'selector'
/** Any number. */
export const UNKNOWN = 'unknown'

/** 1 if the selector is this one, else 0 (`is`); or the other way round. */
export interface SelectorTest {
  readonly selector: bigint
  readonly is: boolean
}

/** The selector's remainder by a number: contracts of Vyper look their functions up by it. */
export interface Remainder {
  readonly by: bigint
}

/** What stands on the stack: a number below 2²⁵⁶, or what is known of one. */
export type Value = bigint | typeof CALL_WORD | typeof SELECTOR | typeof UNKNOWN | SelectorTest | Remainder

/** Returns a text that says what is known of a value. */
export const keyOf = (value: Value): string => {
  if (typeof value === 'bigint') return value.toString(36)
  if (typeof value === 'string') return value === UNKNOWN ? '?' : value === SELECTOR ? 's' : 'w'
  return 'by' in value ? `%${value.by}` : `${value.is}${value.selector}`
}
