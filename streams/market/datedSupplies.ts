/** A circulating supply that counts from a time on. */
export interface DatedSupply {
  /** ms. */
  readonly t: number
  readonly asset: string
  /** 10⁻¹⁸. */
  readonly supply: bigint
}

/** Circulating supplies with the times from which on they count. Of one asset and time the last that came counts. */
export class DatedSupplies {
  /** Of each asset in order of time. */
  private readonly byAsset = new Map<string, DatedSupply[]>()
  /** Number of rows. */
  size = 0

  /** Adds a row. */
  add(row: DatedSupply): void {
    const rows = this.byAsset.get(row.asset) ?? []
    this.byAsset.set(row.asset, rows)
    const place = placeAfter(rows, row.t)
    if (rows[place - 1]?.t === row.t) rows[place - 1] = row
    else {
      rows.splice(place, 0, row)
      this.size += 1
    }
  }

  /** Returns the supply that counts at `t` (ms), 10⁻¹⁸; undefined if there is none. */
  at(asset: string, t: number): bigint | undefined {
    return this.rowAt(asset, t)?.supply
  }

  /** Returns the supply that counts from exactly `t` (ms) on, 10⁻¹⁸; undefined if there is none. */
  from(asset: string, t: number): bigint | undefined {
    const row = this.rowAt(asset, t)
    return row?.t === t ? row.supply : undefined
  }

  /** Returns all rows, by asset and time. */
  all(): DatedSupply[] {
    return [...this.byAsset.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, rows]) => rows)
  }

  private rowAt(asset: string, t: number): DatedSupply | undefined {
    const rows = this.byAsset.get(asset) ?? []
    return rows[placeAfter(rows, t) - 1]
  }
}

/** Returns supplies by the time from which on they count: of each time the last of each asset, 10⁻¹⁸. */
export const byTime = <T extends number | undefined>(
  rows: readonly { readonly t: T; readonly asset: string; readonly supply: bigint }[],
): Map<T, Map<string, bigint>> => {
  const times = new Map<T, Map<string, bigint>>()
  for (const { t, asset, supply } of rows) {
    const amounts = times.get(t) ?? new Map<string, bigint>()
    times.set(t, amounts.set(asset, supply))
  }
  return times
}

/** Returns the newest supply of each asset that counts at `t` (ms), 10⁻¹⁸. */
export const suppliesAt = (rows: readonly DatedSupply[], t: number): Map<string, bigint> => {
  const newest = new Map<string, DatedSupply>()
  for (const row of rows) if (row.t <= t && (newest.get(row.asset)?.t ?? 0) <= row.t) newest.set(row.asset, row)
  return new Map([...newest].map(([asset, { supply }]) => [asset, supply]))
}

/** Returns the place behind the last row that is not later than `t` (ms). */
const placeAfter = (rows: readonly DatedSupply[], t: number): number => {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.t <= t) low = middle + 1
    else high = middle
  }
  return low
}
