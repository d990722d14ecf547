/** Small numbers for names, in the order of their first appearance, so that hot loops index arrays instead of hashing text. */
export class Interner {
  private readonly names: string[] = []
  private readonly indexes = new Map<string, number>()

  /** Returns the number of a name; a new one if it appears for the first time. */
  index(name: string): number {
    let index = this.indexes.get(name)
    if (index === undefined) {
      index = this.names.length
      this.names.push(name)
      this.indexes.set(name, index)
    }
    return index
  }

  /** Returns the number of a name; undefined if it has not appeared. */
  find(name: string): number | undefined {
    return this.indexes.get(name)
  }

  /** Returns the name of a number that was given out. */
  at(index: number): string {
    return this.names[index]!
  }

  /** The number of names. */
  get size(): number {
    return this.names.length
  }
}
