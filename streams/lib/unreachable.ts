/** Ends an exhaustive switch: a kind that the switch does not handle is a compile error. Throws TypeError if such a value comes nevertheless. */
export const unreachable = (value: never): never => {
  throw new TypeError(`found ${String(value)}, expected a kind that is handled`)
}
