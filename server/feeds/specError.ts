/** A mistake in a feed as asked for, in one line; it ends the start. */
export class SpecError extends Error {
  constructor(where: string, found: string, expected: string) {
    super(`${where}: found ${found}, expected ${expected}`)
    this.name = 'SpecError'
  }
}
