import { type CsvHeader, csvHeader } from '../../lib/csv.ts'

/** The first line of a CSV file: which column stands where. */
export class Header implements CsvHeader {
  readonly names: readonly string[]
  readonly delimiter: string

  constructor(line: string) {
    const { names, delimiter } = csvHeader(line)
    this.names = names
    this.delimiter = delimiter
  }

  /** Returns the place of the first of these names that is there; -1 if none is. */
  column(...names: string[]): number {
    const name = names.find(n => this.names.includes(n))
    return name === undefined ? -1 : this.names.indexOf(name)
  }
}
