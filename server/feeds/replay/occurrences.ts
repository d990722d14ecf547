/** Names that are remembered, at most twice as many. */
const REMEMBERED = 4_096

/** Counts how often each name came, of those that came lately: the older half is forgotten as a whole. */
export class Occurrences {
  private young = new Map<string, number>()
  private old = new Map<string, number>()

  /** Returns how often a name came before, and counts it. */
  next(name: string): number {
    const before = this.young.get(name) ?? this.old.get(name) ?? 0
    if (this.young.size === REMEMBERED) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(name, before + 1)
    return before
  }
}
