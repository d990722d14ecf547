/**
 * Finds the number of the entry under a client's key, in as little as eight bytes a key, because every key is remembered for ever. It knows a
 * key by 32 bits of its hash, so it finds candidates; the caller looks at the entry itself.
 */
export class KeyIndex {
  private tags = new Uint32Array(1 << 12)
  /** Entry numbers; 0 is a free place. */
  private seqs = new Uint32Array(1 << 12)
  private size = 0

  /** Adds the number of the entry under a key. */
  add(who: string, key: string, seq: number): void {
    if (this.size * 3 > this.seqs.length * 2) this.grow()
    this.put(tagOf(who, key), seq)
    this.size += 1
  }

  /** Returns the first number for which `is` holds, among those that may be the key's; undefined if there is none. */
  find(who: string, key: string, is: (seq: number) => boolean): number | undefined {
    const tag = tagOf(who, key)
    const mask = this.seqs.length - 1
    for (let at = placeOf(tag) & mask; ; at = (at + 1) & mask) {
      const seq = this.seqs[at]!
      if (seq === 0) return undefined
      if (this.tags[at] === tag && is(seq)) return seq
    }
  }

  private put(tag: number, seq: number): void {
    const mask = this.seqs.length - 1
    let at = placeOf(tag) & mask
    while (this.seqs[at] !== 0) at = (at + 1) & mask
    this.tags[at] = tag
    this.seqs[at] = seq
  }

  private grow(): void {
    const { tags, seqs } = this
    this.tags = new Uint32Array(tags.length * 2)
    this.seqs = new Uint32Array(seqs.length * 2)
    for (let i = 0; i < seqs.length; i++) if (seqs[i] !== 0) this.put(tags[i]!, seqs[i]!)
  }
}

/** Returns the FNV-1a hash of both texts, with a separator between them. */
const tagOf = (who: string, key: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < who.length; i++) hash = Math.imul(hash ^ who.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ 0x1f, 0x01000193)
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Returns where to begin looking for a tag; neighbouring tags lie far apart. */
const placeOf = (tag: number): number => Math.imul(tag, 0x9e3779b1) >>> 0
