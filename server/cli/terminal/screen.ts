/** What a screen needs of the terminal. */
export interface Terminal {
  readonly columns: number
  readonly rows: number
  write(text: string): unknown
}

const ESC = '\x1b['
/** Alternate screen, cursor hidden; and back. */
const OPEN = `${ESC}?1049h${ESC}?25l`
const CLOSE = `${ESC}?25h${ESC}?1049l`
/** A terminal that knows synchronised updates shows a frame at once. */
const BEGIN = `${ESC}?2026h${ESC}H`
const END = `${ESC}J${ESC}?2026l`

/**
 * The whole terminal, redrawn in place: one write a frame, no line is cleared before it is written again, so nothing flickers. What stood there
 * before comes back when it is closed.
 */
export class Screen {
  private readonly terminal: Terminal
  private isOpen = false

  constructor(terminal: Terminal) {
    this.terminal = terminal
  }

  /** Shows these lines, as many as there is room for. They must fit the width. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.terminal.rows).map(line => `${line}${ESC}K`)
    this.terminal.write(`${this.isOpen ? '' : OPEN}${BEGIN}${shown.join('\r\n')}${END}`)
    this.isOpen = true
  }

  /** Gives the terminal back as it was. */
  close(): void {
    if (this.isOpen) this.terminal.write(CLOSE)
    this.isOpen = false
  }
}
