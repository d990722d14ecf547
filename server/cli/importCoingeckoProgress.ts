/** A terminal, as far as a bar needs it. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const BAR = 24
const CLEAR = '\r\u001b[K'

/** Prints a line for each thing done, and on a terminal a bar below them. */
export class Progress {
  private readonly out: Terminal
  /** The number of things to do. */
  total: number
  private done = 0
  private shown = ''

  constructor(out: Terminal, total: number) {
    this.out = out
    this.total = total
  }

  /** Counts one more as done, and prints its line. */
  line(text: string): void {
    this.done += 1
    this.put(`${text}\n`)
  }

  /** Shows what is under way; on a terminal only. */
  now(text: string): void {
    if (!this.out.isTTY) return
    const full = Math.round((BAR * this.done) / this.total)
    const bar = `[${'█'.repeat(full)}${'░'.repeat(BAR - full)}] ${this.done}/${this.total} ${text}`
    this.shown = bar.slice(0, (this.out.columns ?? 80) - 1)
    this.out.write(CLEAR + this.shown)
  }

  /** Removes the bar. */
  end(): void {
    this.put('')
    this.shown = ''
  }

  private put(text: string): void {
    this.out.write(this.shown === '' ? text : CLEAR + text + (text === '' ? '' : this.shown))
  }
}
