import { Subject } from 'rxjs'
import { fromNumber, mulDown, toNumber } from '../../streams/lib/decimal.ts'
import { seededRandom, seedOf } from '../lib/seededRandom.ts'
import type { Exchange, ExchangeOrder, Report, Standing } from './exchange.ts'

/** The manners of the paper exchange, and the market that it fills at. */
export interface PaperOptions {
  readonly seed: string
  /** Of what is traded, in the quote asset. */
  readonly feeBps: number
  /** ms of event time from an order to its first report, and from one part of it to the next. */
  readonly latencyMs: number
  /** Shares of the orders that are filled in parts, and that are rejected. */
  readonly partly: number
  readonly rejected: number
  /** The market of this moment; NaN is unknown. */
  readonly market: (symbol: string) => { readonly bid: number; readonly ask: number; readonly price: number }
}

/** Orders that can still be asked for when they are over. */
const REMEMBERED = 1_000

interface Known {
  readonly order: ExchangeOrder
  /** The parts still to be filled, each at its time. */
  readonly parts: bigint[]
  fills: number
  filled: bigint
  dueAt: number
  readonly said: Report[]
  over: boolean
}

/**
 * A paper exchange: orders are filled at the book's bid and ask, at the last price if there is no quote. It lives on event time, and
 * the result of an order follows from the seed, its number and the market alone: a replay gives the same again. It forgets
 * everything when the process ends; `resume` says what it had come to.
 */
export class PaperExchange implements Exchange {
  readonly reports$ = new Subject<Report>()
  private readonly options: PaperOptions
  private readonly known = new Map<string, Known>()
  private readonly waiting = new Set<Known>()
  private t = 0

  constructor(options: PaperOptions) {
    this.options = options
  }

  /** ms: when something happens next. */
  get dueAt(): number {
    let due = Number.POSITIVE_INFINITY
    for (const known of this.waiting) due = Math.min(due, known.dueAt)
    return due
  }

  /** Lets time come to `t`, at the market of that moment. */
  advance(t: number): void {
    this.t = t
    while (this.dueAt <= t) {
      const next = [...this.waiting].reduce((a, b) => (b.dueAt < a.dueAt ? b : a))
      this.meet(next)
    }
  }

  submit(order: ExchangeOrder): void {
    if (this.known.has(order.id)) return
    this.take(order, this.partsOf(order), { at: this.t, fills: 0, filled: 0n })
  }

  /** Takes an order up again as it stood in an earlier run. */
  resume(order: ExchangeOrder, standing: Standing): void {
    if (this.known.has(order.id)) return
    const known = this.take(order, this.partsOf(order).slice(standing.fills), standing)
    if (standing.fills > 0 && known.parts.length === 0) this.end(known)
  }

  private take(order: ExchangeOrder, parts: bigint[], { at, fills, filled }: Standing): Known {
    const known: Known = { order, parts, fills, filled, dueAt: at + this.options.latencyMs, said: [], over: false }
    this.known.set(order.id, known)
    this.waiting.add(known)
    for (const [id, { over }] of this.known) {
      if (this.known.size <= REMEMBERED) break
      if (over) this.known.delete(id)
    }
    return known
  }

  cancel({ id }: ExchangeOrder): void {
    const known = this.known.get(id)
    if (known && !known.over) this.end(known)
  }

  ask({ id }: ExchangeOrder): void {
    const known = this.known.get(id)
    if (known === undefined) this.reports$.next({ order: id, kind: 'unknown' })
    else if (known.said.length === 0) this.reports$.next({ order: id, kind: 'accepted' })
    else for (const report of [...known.said]) this.reports$.next(report)
  }

  async close(): Promise<void> {
    this.reports$.complete()
  }

  /** Empty if the order is rejected. */
  private partsOf({ id, asset, amount }: ExchangeOrder): bigint[] {
    const { seed, rejected, partly } = this.options
    // Without what marks whose order it is: that is another one with each journal.
    const { uniform } = seededRandom(seedOf(`${seed} ${asset} ${id.slice(id.indexOf('-'))}`))
    if (uniform() < rejected) return []
    if (uniform() >= partly) return [amount]
    const first = mulDown(amount, fromNumber(0.2 + 0.6 * uniform())!)
    return first === 0n ? [amount] : [first, amount - first]
  }

  private meet(known: Known): void {
    const { order, parts, said } = known
    const { side, asset, quote, limit } = order
    if (parts.length === 0) {
      this.reject(known)
      return
    }
    if (said.length === 0) this.say(known, { order: order.id, kind: 'accepted' })
    const { bid, ask, price: last } = this.options.market(`${asset}-${quote}`)
    const quoted = side === 'sell' ? bid : ask
    const price = fromNumber(Number.isNaN(quoted) ? last : quoted)
    if (price === undefined || price <= 0n || (side === 'sell' ? price < limit : price > limit)) {
      this.end(known)
      return
    }
    const amount = parts.shift()!
    const fee = fromNumber((toNumber(mulDown(amount, price)) * this.options.feeBps) / 10_000)!
    known.fills += 1
    known.filled += amount
    this.say(known, { order: order.id, kind: 'fill', id: `${order.id}.${known.fills}`, amount, price, fee: { asset: quote, amount: fee } })
    if (parts.length === 0) this.end(known)
    else known.dueAt = this.t + this.options.latencyMs
  }

  private reject(known: Known): void {
    this.over(known)
    this.say(known, { order: known.order.id, kind: 'rejected', why: 'the paper exchange rejects some' })
  }

  private end(known: Known): void {
    this.over(known)
    this.say(known, { order: known.order.id, kind: 'done', filled: known.filled })
  }

  private over(known: Known): void {
    known.over = true
    this.waiting.delete(known)
  }

  private say(known: Known, report: Report): void {
    known.said.push(report)
    this.reports$.next(report)
  }
}
