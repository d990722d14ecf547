import type { OrderParams, TransferParams } from '../../../streams/wire/methods.ts'
import type { Order } from '../../../streams/wire/states.ts'
import { waitBefore } from './backoff.ts'
import type { OrderStore, WaitingOrder } from './orderStore.ts'
import { RequestError } from './requestError.ts'
import { Emitter, type Stream } from './stream.ts'

/** What became of an order: the order, settled or rejected, or the error by which it was refused. */
export type AnsweredOrder =
  | { readonly key: string; readonly order: Order; readonly error?: undefined }
  | { readonly key: string; readonly error: RequestError; readonly order?: undefined }

/** An order without a key gets one. */
type WithoutKey<Params extends { readonly key: string }> = Omit<Params, 'key'> & { readonly key?: string }

/** What orders need. */
export interface OrdersOptions {
  readonly request: (method: string, params: object) => Promise<unknown>
  readonly store: OrderStore
  /** The name of the client that is logged in. */
  readonly user: () => string | undefined
  /** An order of an earlier program that the server never saw is sent if it is not older, ms. */
  readonly resendWithinMs: number
  readonly report: (error: unknown) => void
}

/** Codes after which an order is tried again: what became of it is not known, or it was not looked at. */
const TRY_AGAIN = new Set(['not_connected', 'timeout', 'unknown_order', 'not_ready', 'rate_limited', 'too_much', 'internal'])
/** Refusals after which it is given up. Losses of the connection do not count. */
const ATTEMPTS = 8

/**
 * Orders, each carried out exactly once whatever becomes of the connection. An order is kept until it is answered. If the answer is
 * lost, the server is asked what became of its key, and only an order that was never done is sent again. What an earlier program
 * left in the storage goes on as soon as the same client is logged in.
 */
export class Orders {
  /** Every order as it is answered, those of earlier programs, too. */
  readonly answered: Stream<AnsweredOrder>
  private readonly options: OrdersOptions
  private readonly said: Emitter<AnsweredOrder>
  private readonly running = new Map<string, { order: WaitingOrder; readonly answer: Promise<Order> }>()

  constructor(options: OrdersOptions) {
    this.options = options
    this.said = new Emitter<AnsweredOrder>(options.report, undefined, 100)
    this.answered = this.said.stream
  }

  /** Creates shares. Resolves with the order, settled or rejected; rejects with a RequestError if it was refused and not written down. */
  create(order: WithoutKey<OrderParams>): Promise<Order> {
    return this.place('create', order)
  }

  /** Redeems shares, likewise. */
  redeem(order: WithoutKey<OrderParams>): Promise<Order> {
    return this.place('redeem', order)
  }

  /** Transfers an asset or shares to another client, likewise. */
  transfer(order: WithoutKey<TransferParams>): Promise<Order> {
    return this.place('transfer', order)
  }

  /** Orders that are not answered yet, oldest first, those of earlier programs, too. */
  get waiting(): readonly WaitingOrder[] {
    const kept = this.options.store.read().filter(({ params }) => !this.running.has(params.key))
    return [...kept, ...[...this.running.values()].map(({ order }) => order)]
  }

  /** A client is logged in: orders that it left go on. */
  bound(): void {
    const user = this.options.user()
    if (user === undefined) return
    for (const running of this.running.values()) {
      if (running.order.user !== undefined) continue
      running.order = { ...running.order, user }
      this.options.store.keep(running.order)
    }
    for (const order of this.options.store.read())
      if (order.user === user && !this.running.has(order.params.key)) this.run(order, true).catch(() => {})
  }

  /** Ends the stream of answers. What is kept stays. */
  close(): void {
    this.said.complete()
  }

  private async place(method: WaitingOrder['method'], params: object & { readonly key?: string }): Promise<Order> {
    const user = this.options.user()
    const key = params.key ?? randomKey()
    const order = { method, params: { ...params, key } as WaitingOrder['params'], placed: Date.now(), ...(user !== undefined && { user }) }
    const same = this.running.get(key)
    if (same === undefined) {
      this.options.store.keep(order)
      return this.run(order, false)
    }
    if (contents(same.order) === contents(order)) return same.answer
    throw new RequestError('key_reused_differently', `key: found "${key}", which another order waits under`, false)
  }

  private run(order: WaitingOrder, left: boolean): Promise<Order> {
    const { key } = order.params
    const answer = this.settle(order, left).then(
      done => this.end(order, { key, order: done }, done),
      (error: RequestError) => {
        // The next program asks.
        if (error.code === 'closed') this.running.delete(key)
        else this.end(order, { key, error }, undefined)
        throw error
      },
    )
    this.running.set(key, { order, answer })
    return answer
  }

  private end<T>(order: WaitingOrder, answered: AnsweredOrder, result: T): T {
    this.running.delete(order.params.key)
    this.options.store.forget(order)
    this.said.emit(answered)
    return result
  }

  /** `left`: an earlier program may have sent it. */
  private async settle({ method, params, placed }: WaitingOrder, left: boolean): Promise<Order> {
    let sent = left
    for (let refusals = 0; ; ) {
      try {
        const known = sent ? await this.find(params.key) : undefined
        if (known) return known
        if (left && !this.isFresh(placed)) throw new RequestError('expired', 'the server never saw the order, and it is old', false)
        sent = true
        return (await this.options.request(method, params)) as Order
      } catch (error) {
        if (!(error instanceof RequestError)) throw error
        if (error.order !== undefined) return error.order as Order
        if (!TRY_AGAIN.has(error.code)) throw error
        if (error.code === 'not_connected' || error.code === 'timeout') continue
        if (++refusals > ATTEMPTS) throw error
        await new Promise(resolve => setTimeout(resolve, waitBefore(refusals, Math.random())))
      }
    }
  }

  private isFresh(placed: number): boolean {
    return Date.now() - placed <= this.options.resendWithinMs
  }

  private async find(key: string): Promise<Order | undefined> {
    try {
      return (await this.options.request('order', { key })) as Order
    } catch (error) {
      if (error instanceof RequestError && error.code === 'unknown_order') return undefined
      throw error
    }
  }
}

const contents = ({ method, params }: WaitingOrder): string => JSON.stringify([method, Object.entries(params).sort()])

/** 128 random bits. `crypto.randomUUID` would need a secure page. */
const randomKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
