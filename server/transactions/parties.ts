import type { TableRow } from './tableRow.ts'

const ADDRESS = /0x[0-9a-f]{40}/

/** Finds whose account an export of transfers is: the one address that has a part in every row. */
export class Parties {
  private readonly columns: readonly string[]
  /** Those that had a part in each row so far, in lower case; undefined before the first. */
  private common: ReadonlySet<string> | undefined

  /** Takes the columns of addresses. */
  constructor(columns: readonly string[]) {
    this.columns = columns
  }

  /** Notes a row. */
  note(row: TableRow): void {
    const here = this.columns.map(name => row.text(name).toLowerCase()).filter(address => address !== '')
    this.common = new Set(here.filter(address => this.common?.has(address) ?? true))
  }

  /** Returns the own address in lower case: that in the name of the file, if it has one; '' if it is not known. */
  own(file: string): string {
    const named = ADDRESS.exec(file.toLowerCase())?.[0]
    if (named !== undefined) return named
    const [first = '', ...others] = this.common ?? []
    return others.length === 0 ? first : ''
  }
}
