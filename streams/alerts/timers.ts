/** Something that has to be looked at when its time has come. */
export interface Timed {
  /** ms; Infinity if it has no time. */
  readonly dueAt: number
  /** The earliest time for which it stands in the heap; Infinity if it does not. Kept by `Timers`. */
  scheduled: number
}

/**
 * What is due when: a binary heap. A time that moves away costs nothing until the old one comes, so one that moves with every tick is
 * looked at once, not with every tick.
 */
export class Timers<T extends Timed> {
  private readonly heap: { readonly at: number; readonly of: T }[] = []

  /** ms: nothing is due before; Infinity if nothing ever is. */
  get dueAt(): number {
    return this.heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Notes when something is due now. */
  put(of: T): void {
    const { dueAt } = of
    if (dueAt >= of.scheduled) return
    of.scheduled = dueAt
    this.push({ at: dueAt, of })
  }

  /** Takes out what is due by `t` (ms). */
  take(t: number): T[] {
    const due: T[] = []
    while (this.dueAt <= t) {
      const { at, of } = this.pop()
      if (of.scheduled !== at) continue
      of.scheduled = Number.POSITIVE_INFINITY
      if (of.dueAt <= t) due.push(of)
      else this.put(of)
    }
    return due
  }

  private push(item: { readonly at: number; readonly of: T }): void {
    const { heap } = this
    let i = heap.length
    heap.push(item)
    for (let up = (i - 1) >> 1; i > 0 && heap[up]!.at > item.at; up = (i - 1) >> 1) {
      heap[i] = heap[up]!
      i = up
    }
    heap[i] = item
  }

  private pop(): { readonly at: number; readonly of: T } {
    const { heap } = this
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let i = 0
    for (;;) {
      let down = 2 * i + 1
      if (down >= heap.length) break
      if (down + 1 < heap.length && heap[down + 1]!.at < heap[down]!.at) down += 1
      if (heap[down]!.at >= last.at) break
      heap[i] = heap[down]!
      i = down
    }
    heap[i] = last
    return top
  }
}
