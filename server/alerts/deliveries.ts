import { KeptRows } from '../storage/write/keptRows.ts'

/** A message for a webhook. */
export interface Delivery {
  /** The same for the same event of the same alert. */
  readonly id: string
  /** The webhook's address. */
  readonly to: string
  readonly body: string
}

/** A line of the file: a message that came, or the id and address of one that is done with. */
type Line = { readonly put: Delivery } | { readonly done: string; readonly to: string }

/** Lines of the file at which it is written again without what is done with. */
const LINES_MAX = 10_000

/** Messages that are not delivered yet, in the order in which they came. They are in a file too, so that neither a stop nor a kill loses one. */
export class Deliveries {
  private readonly kept: KeptRows<Line>
  private readonly waiting = new Map<string, Delivery>()
  private lines = 0

  /** Throws if the file of a former process cannot be read. */
  constructor(file: string) {
    this.kept = new KeptRows(file)
    for (const line of this.kept.left()) {
      this.lines += 1
      if ('put' in line) this.waiting.set(keyOf(line.put), line.put)
      else this.waiting.delete(keyOf({ id: line.done, to: line.to }))
    }
  }

  /** Returns the messages for an address. */
  of(to: string): Delivery[] {
    return [...this.waiting.values()].filter(delivery => delivery.to === to)
  }

  /** Takes messages in. Throws if the disk does not take them; they wait all the same. */
  put(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.waiting.set(keyOf(delivery), delivery)
    this.write(deliveries.map(put => ({ put })))
  }

  /** Forgets a message: it was delivered, or never will be. Throws if the disk does not take that: then it may be sent once more after the next start. */
  done({ id, to }: Delivery): void {
    this.waiting.delete(keyOf({ id, to }))
    if (this.waiting.size === 0) this.clear()
    else this.write([{ done: id, to }])
  }

  /** Forgets the messages for other addresses than these, which the configuration has no longer. Throws if the disk does not take that. */
  keepOnly(addresses: readonly string[]): void {
    for (const delivery of [...this.waiting.values()]) if (!addresses.includes(delivery.to)) this.done(delivery)
  }

  private write(lines: readonly Line[]): void {
    this.kept.add(lines)
    this.lines += lines.length
    if (this.lines < Math.max(LINES_MAX, 4 * this.waiting.size)) return
    this.clear()
    this.kept.add([...this.waiting.values()].map(put => ({ put })))
    this.lines = this.waiting.size
  }

  private clear(): void {
    this.kept.clear()
    this.lines = 0
  }
}

const keyOf = ({ id, to }: Pick<Delivery, 'id' | 'to'>): string => `${to} ${id}`
