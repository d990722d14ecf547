/** A queue that gives up its oldest in constant time: an array with a head, copied when more than half of it is gone. */
export class Queue<T> {
  private items: T[] = []
  private head = 0

  /** How many items wait. */
  get size(): number {
    return this.items.length - this.head
  }

  /** The item that `shift` would return. */
  get oldest(): T | undefined {
    return this.items[this.head]
  }

  /** The item that was pushed last. */
  get newest(): T | undefined {
    return this.size === 0 ? undefined : this.items.at(-1)
  }

  /** Adds the newest. */
  push(item: T): void {
    this.items.push(item)
  }

  /** Removes and returns the oldest; undefined if there is none. */
  shift(): T | undefined {
    const item = this.items[this.head]
    if (item === undefined) return undefined
    this.head += 1
    if (this.head > 512 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }

  /** Returns all but the `skip` oldest, oldest first. */
  after(skip: number): T[] {
    return this.items.slice(this.head + skip)
  }
}
