import { divDown, mulDown, ONE } from '../lib/decimal.ts'
import { unreachable } from '../lib/unreachable.ts'
import { type AssetEvent, converted } from '../market/assetEvent.ts'
import { Balances } from './balances.ts'
import { type Disposal, Lots, type Method, type WrittenLots } from './lots.ts'
import type { Transaction } from './transaction.ts'

/** One asset of a portfolio: its lots, and the gain that was realised with it (10⁻¹⁸ of the quote currency). */
export interface Position {
  readonly asset: string
  readonly lots: Lots
  realised: bigint
  /** 10⁻¹⁸ of the asset that are held: the lots, and what came or went by rows that could not be valued. */
  qty: bigint
}

/** How a portfolio's rows are booked. */
export interface PositionRules {
  readonly quote: string
  readonly method: Method
  /** Whether the fee of a purchase is part of its cost and that of a sale lessens its proceeds; otherwise fees are expenses. */
  readonly feesInCost: boolean
  /** Whether there are rows of the quote asset: then purchases and sales move that balance, otherwise they are flows. */
  readonly tracksCash: boolean
}

/** Positions as JSON can hold them, amounts as decimal integers of 10⁻¹⁸. */
export interface WrittenPositions {
  readonly realised: string
  readonly income: string
  readonly expenses: string
  readonly fees: string
  readonly flows: string
  readonly assets: readonly (readonly [asset: string, qty: string, realised: string, lots: WrittenLots])[]
  readonly flaws: readonly (readonly [asset: string, why: string])[]
  readonly unvalued: readonly string[]
}

/**
 * A portfolio's positions, exact. After every transaction, whatever the method,
 *
 *     value = flows + income + realised + unrealised − expenses
 *
 * where value is that of all lots at any set of prices and unrealised is value less the cost of the lots. Every amount below is
 * rounded once, to 10⁻¹⁸ of the quote currency, and the same rounded amount is booked on both sides. A row whose worth is unknown
 * changes quantities only.
 */
export class Positions {
  readonly rules: PositionRules
  readonly byAsset = new Map<string, Position>()
  realised = 0n
  income = 0n
  expenses = 0n
  fees = 0n
  flows = 0n
  /** Asset → why its figures cannot be trusted: sold more than was held, or of unknown price. */
  readonly flaws = new Map<string, string>()
  /**
   * Assets with a row whose worth nobody knows. Their quantities are known; what they cost and gained is not, and neither are the sums they
   * are part of. If such a row was paid in cash that is counted, it is the quote asset, too, and then its balance is unknown.
   */
  readonly unvalued = new Set<string>()
  /** Not part of what `write` returns: nothing else rests on them. */
  readonly balances = new Balances()
  /** What happens to assets, in order of time, and how many of it has happened. */
  private events: readonly AssetEvent[] = []
  private happened = 0

  constructor(rules: PositionRules) {
    this.rules = rules
  }

  /** Takes in what happens to assets, in order of time; what happened up to `t` (ms) has been counted. */
  follow(events: readonly AssetEvent[], t = Number.NEGATIVE_INFINITY): void {
    this.events = events
    this.happened = 0
    while (this.happened < events.length && events[this.happened]!.t <= t) this.happened += 1
  }

  /** What has not happened yet by the last `happen`. */
  get upcoming(): readonly AssetEvent[] {
    return this.events.slice(this.happened)
  }

  /** ms: when the next of it happens; Infinity if nothing does. */
  get happensAt(): number {
    return this.events[this.happened]?.t ?? Number.POSITIVE_INFINITY
  }

  /** Lets happen what does up to `t` (ms): lots and balances change their units and names. Nothing is realised, and no cost changes. */
  happen(t: number): void {
    for (let event = this.events[this.happened]; event !== undefined && event.t <= t; event = this.events[++this.happened]) {
      const { asset, to, ratio } = event
      this.balances.convert(asset, to, ratio)
      const position = this.byAsset.get(asset)
      if (position === undefined) continue
      position.lots.convert(ratio)
      position.qty = converted(position.qty, ratio)
      if (to === asset) continue
      const after = this.position(to)
      after.lots.takeOver(position.lots)
      after.qty += position.qty
      position.qty = 0n
      if (this.unvalued.has(asset)) this.unvalued.add(to)
      const flaw = this.flaws.get(asset)
      if (flaw !== undefined) this.flaw(to, flaw)
    }
  }

  /** Books one transaction; `marketPrice` (10⁻¹⁸) stands in if it has no price. Returns what a disposal took. */
  apply(tx: Transaction, marketPrice: bigint | undefined): Disposal | undefined {
    if (tx.qty === 0n) {
      // Nothing moved but the fee.
      this.charge(tx)
      return undefined
    }
    this.balances.move(tx)
    const price = this.priceOf(tx, marketPrice)
    if (price === undefined) {
      this.moveOnly(tx)
      return undefined
    }
    const worth = mulDown(tx.qty < 0n ? -tx.qty : tx.qty, price)
    switch (tx.type) {
      case 'buy': {
        const paid = tx.cost ?? worth + tx.fee
        this.fees += tx.fee
        this.acquire(tx, this.rules.feesInCost ? paid : paid - tx.fee, price)
        if (!this.rules.feesInCost) this.expenses += tx.fee
        this.pay(tx, paid)
        return undefined
      }
      case 'sell': {
        this.fees += tx.fee
        const gross = tx.cost === undefined ? worth : tx.cost + tx.fee
        return this.dispose(tx, tx.qty, gross, (part, whole) => {
          const fee = share(tx.fee, part, whole)
          if (!this.rules.feesInCost) this.expenses += fee
          this.pay(tx, fee - share(gross, part, whole))
          return this.rules.feesInCost ? fee : 0n
        })
      }
      case 'income':
        this.acquire(tx, tx.cost ?? worth, price)
        this.income += tx.cost ?? worth
        this.charge(tx)
        return undefined
      case 'deposit':
        this.acquire(tx, tx.cost ?? worth, price)
        this.flows += tx.cost ?? worth
        this.charge(tx)
        return undefined
      case 'gift':
        if (tx.qty > 0n) {
          this.acquire(tx, tx.cost ?? worth, price)
          this.flows += tx.cost ?? worth
          this.charge(tx)
          return undefined
        }
        return this.leave(tx, -tx.qty, worth)
      case 'withdraw':
        return this.leave(tx, tx.qty, worth)
      case 'fee':
        this.fees += worth
        this.charge(tx)
        return this.dispose(tx, tx.qty, worth, (part, whole) => {
          this.expenses += share(worth, part, whole)
          return 0n
        })
      case 'transfer':
        this.charge(tx)
        return undefined
      default:
        return unreachable(tx.type)
    }
  }

  /** Returns the positions as JSON can hold them. */
  write(): WrittenPositions {
    return {
      realised: String(this.realised),
      income: String(this.income),
      expenses: String(this.expenses),
      fees: String(this.fees),
      flows: String(this.flows),
      assets: [...this.byAsset.values()].map(({ asset, qty, realised, lots }) => [asset, String(qty), String(realised), lots.write()]),
      flaws: [...this.flaws],
      unvalued: [...this.unvalued],
    }
  }

  /** Returns the positions that were written, under the same rules. */
  static read(rules: PositionRules, written: WrittenPositions): Positions {
    const read = new Positions(rules)
    read.realised = BigInt(written.realised)
    read.income = BigInt(written.income)
    read.expenses = BigInt(written.expenses)
    read.fees = BigInt(written.fees)
    read.flows = BigInt(written.flows)
    for (const [asset, qty, realised, lots] of written.assets)
      read.byAsset.set(asset, { asset, qty: BigInt(qty), realised: BigInt(realised), lots: Lots.read(rules.method, lots) })
    for (const [asset, why] of written.flaws) read.flaws.set(asset, why)
    for (const asset of written.unvalued) read.unvalued.add(asset)
    return read
  }

  /** Changes the quantity by a row whose worth is unknown. */
  private moveOnly(tx: Transaction): void {
    const { asset, type, qty } = tx
    const position = this.position(asset)
    const leaves = type === 'sell' || type === 'withdraw' || type === 'fee'
    position.qty = notBelowZero(position.qty + (leaves ? -qty : qty))
    this.unvalued.add(asset)
    // Weighs more than a sale of too much.
    this.flaws.set(asset, `no price for the ${type} of ${new Date(tx.t).toISOString()}`)
    if (type !== 'buy' && type !== 'sell') this.charge(tx)
    else if (this.rules.tracksCash) {
      this.unvalued.add(this.rules.quote)
      this.flaw(this.rules.quote, `no price for the ${type} of ${asset} of ${new Date(tx.t).toISOString()}`)
    }
  }

  private priceOf(tx: Transaction, marketPrice: bigint | undefined): bigint | undefined {
    if (tx.asset === this.rules.quote) return ONE
    if (tx.price !== undefined) return tx.price
    if (tx.type === 'transfer') return 0n
    if (tx.cost !== undefined) return divDown(tx.type === 'buy' ? tx.cost - tx.fee : tx.cost, tx.qty < 0n ? -tx.qty : tx.qty)
    return marketPrice
  }

  private acquire(tx: Transaction, cost: bigint, unit: bigint): void {
    if (tx.asset === this.rules.quote) {
      // Cash is its own price: what was paid above or below it is lost or gained at once.
      this.cash(tx.qty)
      this.gain(this.position(tx.asset), tx.qty - cost)
    } else {
      const position = this.position(tx.asset)
      position.qty += tx.qty
      position.lots.add({ t: tx.t, qty: tx.qty, cost, unit })
    }
  }

  /** Books what leaves at its worth: a gift given away, a withdrawal. */
  private leave(tx: Transaction, qty: bigint, worth: bigint): Disposal {
    const taken = this.dispose(tx, qty, worth, (part, whole) => {
      this.flows -= share(worth, part, whole)
      return 0n
    })
    this.charge(tx)
    return taken
  }

  /**
   * Takes lots for `qty` and realises their proceeds less `settle`'s deduction. A quantity that is not held cannot be realised: the asset is
   * flagged, and `settle` gets the part that could be.
   */
  private dispose(tx: Transaction, qty: bigint, gross: bigint, settle: (part: bigint, whole: bigint) => bigint): Disposal {
    const position = this.position(tx.asset)
    const taken = tx.asset === this.rules.quote ? this.cash(-qty) : position.lots.dispose(qty)
    if (tx.asset !== this.rules.quote) position.qty = notBelowZero(position.qty - qty)
    if (taken.qty < qty) this.flaw(tx.asset, `${tx.type} of ${new Date(tx.t).toISOString()}: more than was held`)
    if (taken.qty > 0n) this.gain(position, share(gross, taken.qty, qty) - settle(taken.qty, qty) - taken.cost)
    return taken
  }

  private gain(position: Position, amount: bigint): void {
    position.realised += amount
    this.realised += amount
  }

  /** Books money out (in, if negative): from the cash of the portfolio, or from outside if there are no rows of cash. */
  private pay({ account }: Transaction, amount: bigint): void {
    if (!this.rules.tracksCash) {
      this.flows += amount
      return
    }
    this.cash(-amount)
    this.balances.add(account, this.rules.quote, -amount)
  }

  /** Books the fee, in money, of a row that neither buys nor sells. */
  private charge(tx: Transaction): void {
    if (tx.fee === 0n) return
    this.fees += tx.fee
    this.expenses += tx.fee
    this.pay(tx, tx.fee)
  }

  /** Moves the balance of cash. Below zero it is a debt, not a sale of more than is held. */
  private cash(change: bigint): Disposal {
    const position = this.position(this.rules.quote)
    const { lots } = position
    position.qty += change
    lots.qty += change
    lots.cost += change
    return { qty: -change, cost: -change, lots: [] }
  }

  private position(asset: string): Position {
    let position = this.byAsset.get(asset)
    if (position === undefined) {
      position = { asset, lots: new Lots(this.rules.method), realised: 0n, qty: 0n }
      this.byAsset.set(asset, position)
    }
    return position
  }

  private flaw(asset: string, why: string): void {
    if (!this.flaws.has(asset)) this.flaws.set(asset, why)
  }
}

/** Returns an amount, or zero if it is below. More than is held cannot leave: if it did, a row is missing. */
const notBelowZero = (amount: bigint): bigint => (amount < 0n ? 0n : amount)

/** Returns the share of `amount` that `part` of `whole` has, rounded down. */
const share = (amount: bigint, part: bigint, whole: bigint): bigint => (part === whole ? amount : (amount * part) / whole)
