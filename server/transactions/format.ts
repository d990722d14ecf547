import type { Transaction } from '../../streams/pnl/transaction.ts'
import type { Deal } from './deal.ts'
import type { TableRow } from './tableRow.ts'

/** Says why rows of an export are left out although nothing is wrong with them. */
export class Ignored extends Error {}

/** The surroundings of a file. */
export interface FileContext {
  /** The file's name without its folder: some exports say nowhere else what they are. */
  readonly file: string
  /** The currency that the portfolio counts in. */
  readonly quote: string
}

/** The surroundings of the rows of a file. */
export interface FormatContext extends FileContext {
  /** The address whose account it is, in lower case, of a format with `parties`; '' if it is not known. */
  readonly own: string
  /** Returns an id; if it has been there before in this file, with its number. */
  readonly numbered: (id: string) => string
}

/** A kind of file, recognised by its header. */
export interface Format {
  /** Its name in messages. */
  readonly name: string
  /** The columns that its header has; of a list any one. Names are compared without regard to case. */
  readonly columns: readonly (string | readonly string[])[]
  /** The columns of its time, of which the first that is there shows in which direction the file runs. */
  readonly time: readonly string[]
  /** The columns of addresses, of an export that does not say which of them is the own one. */
  readonly parties?: readonly string[]
  /**
   * Returns what a row belongs to: rows of one key are read together, wherever they stand. Absent if each row stands for itself, and then the file
   * may be of any length. Throws BadRow or Ignored.
   */
  readonly keyOf?: (row: TableRow) => string
  /**
   * Returns what rows that belong together say happened: deals, or rows of a portfolio as they are. Throws BadRow if they are wrong, Ignored if
   * they say nothing that counts.
   */
  readonly read: (rows: readonly TableRow[], context: FormatContext) => readonly Deal[] | { readonly booked: readonly Transaction[] }
}

/** Returns a refusal to count rows, and why. */
export const ignored = (why: string): Ignored => new Ignored(why)
