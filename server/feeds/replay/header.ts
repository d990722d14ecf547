import { csvFields } from '../../../streams/lib/csv.ts'

/** The first line of a CSV file: the places of its columns. */
export class Header {
  readonly names: readonly string[]

  constructor(line: string) {
    this.names = csvFields(line.replace(/^\uFEFF/, '')).map(name => name.trim())
  }

  /** Returns the place of the first of these names that is there; -1 if none is. */
  column(...names: string[]): number {
    const name = names.find(n => this.names.includes(n))
    return name === undefined ? -1 : this.names.indexOf(name)
  }
}
