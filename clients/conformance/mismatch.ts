/** Something is not as the protocol has it. */
export class Mismatch extends Error {
  readonly found: string
  readonly expected: string

  /** `where` names the place in the conversation. */
  constructor(where: string, found: unknown, expected: string) {
    const text = typeof found === 'string' ? found : shortly(found)
    super(`${where}: found ${text}, expected ${expected}`)
    this.found = text
    this.expected = expected
  }
}

/** A check that cannot be made on this server; the message says why. */
export class Skipped extends Error {}

/** Throws a Mismatch if it does not hold. */
export const must = (holds: boolean, where: string, found: unknown, expected: string): void => {
  if (!holds) throw new Mismatch(where, found, expected)
}

/** Throws a Mismatch if the two are not the same JSON. */
export const same = (where: string, found: unknown, expected: unknown): void =>
  must(JSON.stringify(found) === JSON.stringify(expected), where, found, shortly(expected))

const shortly = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 200 ? `${text.slice(0, 197)}…` : text
}
