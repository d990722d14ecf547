import { classOf, type Text } from './figure.tsx'

/** px of a cell that no text takes: its padding. */
const PADDING = 16
/** px that a character takes at most, on average. */
const CHARACTER = 8.5

/** How a cell looks, whatever it says. */
interface CellLook {
  readonly align?: 'left'
  /** px that the cell has at least. */
  readonly width: number
  readonly heading?: true
}

/**
 * The text of a cell, written straight into the document: what costs in a table that moves is each node that is touched, so nothing is
 * touched that stays as it is. A text that may be longer than its cell is cut off; a clip on every cell would double the cost of drawing.
 */
export class CellText {
  private readonly cell: HTMLElement
  private readonly fixed: string
  private readonly room: number
  private readonly node = document.createTextNode('')
  private link: HTMLAnchorElement | undefined
  private text = ''
  private look = ''
  private why: string | undefined
  private href: string | undefined

  constructor(cell: HTMLElement, { align, width, heading }: CellLook) {
    this.cell = cell
    this.fixed = `cell ${align ?? 'right'}${heading ? ' heading' : ''}`
    this.room = (width - PADDING) / CHARACTER
    cell.replaceChildren(this.node)
  }

  /** Shows a text. */
  write(text: Text, stale: boolean): void {
    if (text.text !== this.text) this.node.data = this.text = text.text
    const look = `${this.fixed}${text.text.length > this.room ? ' cut' : ''} ${classOf(text, stale)}`
    if (look !== this.look) this.cell.className = this.look = look
    if (text.why !== this.why) {
      this.why = text.why
      if (text.why === undefined) delete this.cell.dataset.why
      else this.cell.dataset.why = text.why
    }
    if (text.href !== this.href) this.lead(text.href)
  }

  private lead(href: string | undefined): void {
    this.href = href
    this.link?.remove()
    this.link = undefined
    if (href !== undefined) {
      this.link = document.createElement('a')
      this.link.href = href
      this.link.append(this.node)
    }
    this.cell.append(this.link ?? this.node)
  }
}
