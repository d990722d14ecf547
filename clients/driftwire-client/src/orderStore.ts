import type { OrderParams, TransferParams } from '../../../streams/wire/methods.ts'

/** Where orders are kept: a browser's `localStorage`, `fileStorage` of `driftwire-client/node`, or anything with these three functions. */
export interface OrderStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** An order that is not answered yet. */
export interface WaitingOrder {
  readonly method: 'create' | 'redeem' | 'transfer'
  readonly params: OrderParams | TransferParams
  /** When it was placed, ms of this machine's clock. */
  readonly placed: number
  /** The client who placed it; absent if it was not known yet. */
  readonly user?: string
}

/** Keeps the orders of one server. Other programs may keep theirs in the same place: each touches only its own. */
export class OrderStore {
  private readonly storage: OrderStorage | undefined
  private readonly name: string

  constructor(storage: OrderStorage | undefined, url: string) {
    this.storage = storage
    this.name = `driftwire orders ${url}`
  }

  /** Returns all that are kept, oldest first. */
  read(): WaitingOrder[] {
    try {
      const orders: unknown = JSON.parse(this.storage?.getItem(this.name) ?? '[]')
      return Array.isArray(orders) ? orders : []
    } catch {
      return []
    }
  }

  /** Keeps an order, in place of one with the same key. Throws what the storage throws. */
  keep(order: WaitingOrder): void {
    this.write([...this.others(order), order])
  }

  /** Forgets an order. */
  forget(order: WaitingOrder): void {
    this.write(this.others(order))
  }

  private others({ params: { key } }: WaitingOrder): WaitingOrder[] {
    return this.read().filter(({ params }) => params.key !== key)
  }

  private write(orders: readonly WaitingOrder[]): void {
    if (orders.length === 0) this.storage?.removeItem(this.name)
    else this.storage?.setItem(this.name, JSON.stringify(orders))
  }
}

/** Returns the browser's storage, if there is one and it may be used. */
export const browserStorage = (): OrderStorage | undefined => {
  try {
    return typeof document === 'object' ? globalThis.localStorage : undefined
  } catch {
    return undefined
  }
}
