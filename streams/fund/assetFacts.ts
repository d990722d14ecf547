import { toNumber } from '../lib/decimal.ts'
import { byTime, factorOf, type NumberedEvent } from '../market/assetEvent.ts'
import { DatedSupplies, type DatedSupply } from '../market/datedSupplies.ts'

/** What of the facts became due. */
export interface DueFacts {
  /** A supply is another than before. */
  readonly supplies: boolean
  /** Events that happened. */
  readonly events: readonly NumberedEvent[]
}

const NOTHING_DUE: DueFacts = { supplies: false, events: [] }

/**
 * Dated facts about assets, as far as time has come: which events have happened, and the circulating supply of each asset. A supply
 * counts from its time on; of what happens to its asset later it takes part.
 */
export class AssetFacts {
  /** In order of time. */
  events: readonly NumberedEvent[] = []
  /** Asset → circulating supply in units now. */
  readonly supplies = new Map<string, number>()
  private readonly rows = new DatedSupplies()
  private steps: readonly Step[] = []
  private next = 0
  private t = Number.NEGATIVE_INFINITY
  /** Something came that belongs before what is passed. */
  private late = false

  /** ms: when the next fact becomes due. */
  get dueAt(): number {
    return this.late ? Number.NEGATIVE_INFINITY : (this.steps[this.next]?.t ?? Number.POSITIVE_INFINITY)
  }

  /** All supplies with their dates. */
  get datedSupplies(): DatedSupply[] {
    return this.rows.all()
  }

  /** Events that have happened by now, in order of time. */
  get happened(): readonly NumberedEvent[] {
    return this.events.filter(({ event }) => event.t <= this.t)
  }

  /** Adds facts, in any order. They show with the next `advance`. */
  add(events: readonly NumberedEvent[], supplies: readonly DatedSupply[]): void {
    if (events.length + supplies.length === 0) return
    const known = new Set(this.events.map(({ seq }) => seq))
    this.events = [...this.events, ...events.filter(({ seq }) => !known.has(seq))].sort((a, b) => byTime(a.event, b.event))
    for (const row of supplies) this.rows.add(row)
    // Of one time, what happens to an asset comes before its new supply.
    const ofEvents = this.events.map(numbered => ({ t: numbered.event.t, order: 0, numbered, row: undefined }))
    const ofSupplies = this.rows.all().map(row => ({ t: row.t, order: 1, numbered: undefined, row }))
    this.steps = [...ofEvents, ...ofSupplies].sort((a, b) => a.t - b.t || a.order - b.order)
    this.late ||= events.some(({ event }) => event.t <= this.t) || supplies.some(({ t }) => t <= this.t)
    this.next = this.steps.findIndex(({ t }) => t > this.t)
    if (this.next < 0) this.next = this.steps.length
  }

  /** Lets time come to `t` (ms). */
  advance(t: number): DueFacts {
    if (this.dueAt > t) {
      this.t = Math.max(this.t, t)
      return NOTHING_DUE
    }
    const before = new Map(this.supplies)
    const { late } = this
    if (late) this.next = 0
    if (late) this.supplies.clear()
    this.late = false
    this.t = Math.max(this.t, t)
    const due: NumberedEvent[] = []
    for (let step = this.steps[this.next]; step !== undefined && step.t <= this.t; step = this.steps[++this.next]) {
      if (step.row) this.supplies.set(step.row.asset, toNumber(step.row.supply))
      if (step.numbered === undefined) continue
      due.push(step.numbered)
      this.convert(step.numbered)
    }
    const supplies = this.supplies.size !== before.size || [...this.supplies].some(([asset, supply]) => before.get(asset) !== supply)
    return { supplies, events: due }
  }

  private convert({ event: { asset, to, ratio } }: NumberedEvent): void {
    const supply = this.supplies.get(asset)
    if (supply === undefined) return
    this.supplies.delete(asset)
    // An asset that was there before under the new name has its own supply.
    if (!this.supplies.has(to)) this.supplies.set(to, supply * factorOf(ratio))
  }
}

interface Step {
  readonly t: number
  readonly order: number
  readonly numbered: NumberedEvent | undefined
  readonly row: DatedSupply | undefined
}
