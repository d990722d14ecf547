/**
 * The trade ids of one source and symbol that were seen lately. Most venues number their trades upward: an id above the newest is new
 * without a look-up. The rest (random ids, trades sent again) is looked up in the last `capacity` ids.
 */
export class TradeIds {
  private readonly capacity: number
  private readonly known = new Set<string>()
  /** Rising ids, newest last, as a ring. */
  private readonly rising: string[] = []
  private head = 0
  private newest = ''

  constructor(capacity = 4096) {
    this.capacity = capacity
  }

  /** Remembers an id. Returns whether it is new. */
  add(id: string): boolean {
    if (this.newest.length < id.length || (this.newest.length === id.length && this.newest < id)) {
      this.newest = id
      this.rising[this.head] = id
      this.head = (this.head + 1) % this.capacity
      return true
    }
    if (this.known.has(id) || this.hasRisen(id)) return false
    this.known.add(id)
    if (this.known.size > this.capacity) {
      for (const oldest of this.known) {
        this.known.delete(oldest)
        break
      }
    }
    return true
  }

  /** Binary search in the ring, which is sorted by length and then by text. */
  private hasRisen(id: string): boolean {
    const size = this.rising.length
    const start = size < this.capacity ? 0 : this.head
    let low = 0
    let high = size - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const at = this.rising[(start + middle) % size]!
      if (at === id) return true
      if (at.length < id.length || (at.length === id.length && at < id)) low = middle + 1
      else high = middle - 1
    }
    return false
  }
}
