/** Of each entry of a client, the number of the one before it: four bytes an entry of the journal, since every entry is listed for ever. */
export class EntryChains {
  /** By the number of an entry; 0 if none comes before it. */
  private before = new Uint32Array(1 << 12)
  private readonly last = new Map<string, number>()

  /** Adds a client's next entry. Numbers come in order. */
  add(who: string, seq: number): void {
    if (seq >= this.before.length) {
      const grown = new Uint32Array(Math.max(this.before.length * 2, seq + 1))
      grown.set(this.before)
      this.before = grown
    }
    this.before[seq] = this.last.get(who) ?? 0
    this.last.set(who, seq)
  }

  /** Returns the numbers of a client's newest entries, oldest first, at most `limit`. */
  newest(who: string, limit: number): number[] {
    const found: number[] = []
    for (let seq = this.last.get(who) ?? 0; seq > 0 && found.length < limit; seq = this.before[seq]!) found.push(seq)
    return found.reverse()
  }

  /** Returns the numbers of a client's entries after `after`, oldest first, at most `limit`. */
  after(who: string, after: number, limit: number): number[] {
    const found: number[] = []
    for (let seq = this.last.get(who) ?? 0; seq > after; seq = this.before[seq]!) found.push(seq)
    return found.reverse().slice(0, limit)
  }
}
