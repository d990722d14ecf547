import type { SymbolMap } from '../../../streams/market/symbols.ts'
import type { Venue } from '../venues/venue.ts'

/** The symbols that a connection asked for: the names they may come under, and which of them never came. */
export class AskedSymbols {
  /** Canonical symbols by the names that the venue may answer under. */
  readonly names: ReadonlyMap<string, string>
  /** The venue's names by canonical symbol. */
  private readonly asked = new Map<string, string>()
  private readonly came = new Set<string>()

  /** `symbols`: as the venue names them, no two of which may come under one name (see `apart`). */
  constructor(venue: Venue, symbols: readonly string[], map: SymbolMap) {
    const names = new Map<string, string>()
    for (const symbol of symbols) {
      const canonical = map.canonical(venue.name, symbol, venue.perpetual)
      if (canonical === undefined) continue
      this.asked.set(canonical, symbol)
      for (const name of venue.answers(symbol)) names.set(name, canonical)
    }
    this.names = names
  }

  /** Notes that data of a canonical symbol came. Returns whether they are the first. */
  comes(canonical: string): boolean {
    if (this.came.has(canonical)) return false
    this.came.add(canonical)
    return true
  }

  /** Returns the canonical symbols that never came, each with what was asked for. */
  get missing(): Record<string, string> {
    const missing: Record<string, string> = {}
    for (const [canonical, symbol] of this.asked)
      if (!this.came.has(canonical)) missing[canonical] = `no data of ${symbol} since it was asked for`
    return missing
  }
}

/**
 * Returns `symbols` in groups, each for connections of its own: two symbols that the venue may answer under one name, and that are not the
 * same here, can only be told apart by the connection that they come by.
 */
export const apart = (venue: Venue, symbols: readonly string[], map: SymbolMap): string[][] => {
  const groups: { symbols: string[]; names: Map<string, string | undefined> }[] = []
  for (const symbol of symbols) {
    const canonical = map.canonical(venue.name, symbol, venue.perpetual)
    const names = venue.answers(symbol)
    let group = groups.find(each => names.every(name => !each.names.has(name) || each.names.get(name) === canonical))
    if (group === undefined) {
      group = { symbols: [], names: new Map() }
      groups.push(group)
    }
    group.symbols.push(symbol)
    for (const name of names) group.names.set(name, canonical)
  }
  return groups.map(group => group.symbols)
}
