/** What is wrong with a feed as it was asked for, in one line; the start ends with it. */
export class SpecError extends Error {
  constructor(where: string, found: string, expected: string) {
    super(`${where}: found ${found}, expected ${expected}`)
    this.name = 'SpecError'
  }
}
