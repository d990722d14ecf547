/** Small numbers for names, in the order of their first appearance, so that hot loops index arrays instead of hashing text. */
export class Interner {
  private readonly names: string[] = []
  private readonly indexes = new Map<string, number>()

  index(name: string): number {
    let index = this.indexes.get(name)
    if (index === undefined) {
      index = this.names.length
      this.names.push(name)
      this.indexes.set(name, index)
    }
    return index
  }

  /** The number of a name that has appeared. */
  find(name: string): number | undefined {
    return this.indexes.get(name)
  }

  at(index: number): string {
    return this.names[index]!
  }

  get size(): number {
    return this.names.length
  }
}
