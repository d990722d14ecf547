import { type Driftwire, RequestError } from './client.ts'

/** An order as the server reports it; amounts are decimal strings. */
export interface Order {
  readonly key: string
  readonly side: 'create' | 'redeem' | 'transfer'
  readonly fund?: string
  readonly amount: string
  readonly status: 'settled' | 'rejected'
  /** Why it was rejected. */
  readonly code?: string
  readonly legs: readonly { readonly asset: string; readonly amount: string }[]
  readonly fee?: { readonly asset: string; readonly amount: string }
  readonly nav?: number
  /** Its number in the journal. */
  readonly seq: number
  readonly t: number
}

/**
 * Places an order exactly once, whatever becomes of the connection: if the answer was lost, it asks what became of the key and sends the
 * order again only if it was never done. The key should be kept before this is called, so that a new process can ask too.
 *
 * Resolves with the order, settled or rejected. Rejects with a RequestError if it was refused before it was written down; if that says
 * `retry`, the same key may be tried again.
 */
export const place = async (
  wire: Driftwire,
  method: 'create' | 'redeem' | 'transfer',
  params: { readonly key: string; readonly amount: string; readonly fund?: string; readonly to?: string; readonly asset?: string },
): Promise<Order> => {
  let lost = false
  for (;;) {
    try {
      if (lost) {
        await wire.whenConnected()
        try {
          return await wire.request<Order>('order', { key: params.key })
        } catch (error) {
          if (!(error instanceof RequestError && error.code === 'unknown_order')) throw error
        }
      }
      return await wire.request<Order>(method, params)
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      if (error.order !== undefined) return error.order as Order
      if (error.code !== 'not_connected') throw error
      lost = true
    }
  }
}
