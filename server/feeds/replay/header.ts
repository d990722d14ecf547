import { csvFields } from '../../../streams/lib/csv.ts'

/** The first line of a CSV file: which column stands where. */
export class Header {
  readonly names: readonly string[]

  constructor(line: string) {
    this.names = csvFields(line.replace(/^\uFEFF/, '')).map(name => name.trim())
  }

  /** The place of the first of these names that is there; -1 where none is. */
  column(...names: string[]): number {
    const name = names.find(n => this.names.includes(n))
    return name === undefined ? -1 : this.names.indexOf(name)
  }
}
