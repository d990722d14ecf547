import { converted, type Ratio } from '../market/assetEvent.ts'

/** Which lots a disposal takes first: the oldest, the newest, the dearest or the cheapest; `average` (moving) keeps one lot only. */
export const METHODS = ['fifo', 'lifo', 'hifo', 'lofo', 'average'] as const
/** An accounting method. */
export type Method = (typeof METHODS)[number]

/** What one purchase left. */
export interface Lot {
  /** ms of its purchase. */
  readonly t: number
  /** 10⁻¹⁸ of the asset that are left. */
  qty: bigint
  /** 10⁻¹⁸ of the quote currency: what is left of what was paid. */
  cost: bigint
  /** 10⁻¹⁸ of the quote currency: the price of one unit without fees, which hifo and lofo go by. */
  unit: bigint
}

/** What a disposal took, 10⁻¹⁸. */
export interface Disposal {
  readonly qty: bigint
  readonly cost: bigint
  readonly lots: readonly Lot[]
}

/** Lots as JSON can hold them, amounts as decimal integers of 10⁻¹⁸. */
export interface WrittenLots {
  readonly qty: string
  readonly cost: string
  /** In the order in which they stand. */
  readonly lots: readonly (readonly [t: number, qty: string, cost: string, unit: string])[]
}

/** The lots of one asset. Costs are split exactly: the cost of a part is rounded down, the rest stays with the lot. */
export class Lots {
  qty = 0n
  cost = 0n
  private readonly method: Method
  /** The next to be taken stands last; of fifo, first, from `head` on. */
  private lots: Lot[] = []
  private head = 0

  constructor(method: Method) {
    this.method = method
  }

  /** Adds a lot. */
  add(lot: Lot): void {
    this.qty += lot.qty
    this.cost += lot.cost
    const last = this.lots.at(-1)
    if (this.method === 'average' && last) {
      last.qty += lot.qty
      last.cost += lot.cost
    } else if (this.method === 'hifo' || this.method === 'lofo') {
      this.lots.splice(this.placeOf(lot), 0, { ...lot })
    } else {
      this.lots.push({ ...lot })
    }
  }

  /** Takes `qty` (10⁻¹⁸) out, or all there is if that is less. */
  dispose(qty: bigint): Disposal {
    const parts: Lot[] = []
    let wanted = qty
    let cost = 0n
    while (wanted > 0n) {
      const lot = this.method === 'fifo' ? this.lots[this.head] : this.lots.at(-1)
      if (lot === undefined) break
      const part = lot.qty <= wanted ? { ...lot } : { ...lot, qty: wanted, cost: (lot.cost * wanted) / lot.qty }
      parts.push(part)
      wanted -= part.qty
      cost += part.cost
      lot.qty -= part.qty
      lot.cost -= part.cost
      if (lot.qty === 0n) this.dropNext()
    }
    this.qty -= qty - wanted
    this.cost -= cost
    return { qty: qty - wanted, cost, lots: parts }
  }

  /** Counts all lots in other units: what was paid and when stays. The sum is rounded once, down to 18 places. */
  convert(ratio: Ratio): void {
    let before = 0n
    let after = 0n
    for (const lot of this.lots.slice(this.head)) {
      before += lot.qty
      const sum = converted(before, ratio)
      lot.qty = sum - after
      lot.unit = (lot.unit * ratio.before) / ratio.after
      after = sum
    }
    this.qty = converted(this.qty, ratio)
  }

  /** Takes all lots of another asset, which then has none; each keeps its age. */
  takeOver(other: Lots): void {
    const taken = other.lots.slice(other.head)
    if (this.method === 'fifo' || this.method === 'lifo') {
      this.lots = [...this.lots.slice(this.head), ...taken].sort((a, b) => a.t - b.t)
      this.head = 0
      this.qty += other.qty
      this.cost += other.cost
    } else for (const lot of taken) this.add(lot)
    other.lots = []
    other.head = 0
    other.qty = 0n
    other.cost = 0n
  }

  /** The lots that are left, the one that a disposal takes first in front; not to be changed. */
  get open(): readonly Readonly<Lot>[] {
    const left = this.lots.slice(this.head)
    return this.method === 'fifo' ? left : left.reverse()
  }

  /** Returns the lots as JSON can hold them. */
  write(): WrittenLots {
    return {
      qty: String(this.qty),
      cost: String(this.cost),
      lots: this.lots.slice(this.head).map(({ t, qty, cost, unit }) => [t, String(qty), String(cost), String(unit)]),
    }
  }

  /** Returns the lots that were written, under the same method. */
  static read(method: Method, { qty, cost, lots }: WrittenLots): Lots {
    const read = new Lots(method)
    read.qty = BigInt(qty)
    read.cost = BigInt(cost)
    read.lots = lots.map(([t, qty, cost, unit]) => ({ t, qty: BigInt(qty), cost: BigInt(cost), unit: BigInt(unit) }))
    return read
  }

  private dropNext(): void {
    if (this.method !== 'fifo') {
      this.lots.pop()
      return
    }
    this.head += 1
    if (this.head > 64 && this.head * 2 > this.lots.length) {
      this.lots = this.lots.slice(this.head)
      this.head = 0
    }
  }

  /** Returns the place of a lot in an order in which the next to be taken stands last; of equal prices the older one is taken first. */
  private placeOf(lot: Lot): number {
    let low = 0
    let high = this.lots.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.lots[middle]!
      const sooner = this.method === 'hifo' ? other.unit >= lot.unit : other.unit <= lot.unit
      if (sooner) high = middle
      else low = middle + 1
    }
    return low
  }
}
