import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Rows that a kill must not take away while they wait for the engine: a line of JSON each in a file, from before anything that comes after them
 * is written. They are few.
 */
export class KeptRows<Row> {
  private readonly file: string
  /** Ends a line that a kill has cut short. */
  private before = '\n'

  constructor(file: string) {
    this.file = file
    mkdirSync(dirname(file), { recursive: true })
  }

  /** Returns the rows that a former process has left. A line that was cut short is left out. */
  left(): Row[] {
    return linesOf(this.file).flatMap(line => {
      try {
        return [JSON.parse(line) as Row]
      } catch {
        return []
      }
    })
  }

  /** Keeps rows. Throws if the disk does not take them. */
  add(rows: readonly Row[]): void {
    appendFileSync(this.file, this.before + rows.map(row => `${JSON.stringify(row)}\n`).join(''))
    this.before = ''
  }

  /** Forgets all rows: they are stored. Throws if the disk does not take that; then they are there again for the next process. */
  clear(): void {
    writeFileSync(this.file, '')
  }
}

const linesOf = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
