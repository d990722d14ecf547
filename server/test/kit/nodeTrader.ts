import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { connect, type Driftwire } from '../../../clients/driftwire-client/src/index.ts'
import type { SocketLike } from '../../../clients/driftwire-client/src/socket.ts'
import { Nodes } from './nodes.ts'

/** What a trader has of the fund. */
interface Seen {
  readonly at: number
  readonly stale: boolean
}

const PASSWORD = 'correct horse battery'

/** Returns what opens a client's sockets: each at the next of the gateways that take clients, from `home` on. */
export const throughBalancer = (nodes: Nodes, home: number): (() => SocketLike) => {
  let turn = home
  return () => {
    const { rotation } = nodes
    const { port } = rotation[turn++ % rotation.length]!
    return new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate: false }) as unknown as SocketLike
  }
}

/**
 * A client that orders one thing after another, sends each order until it is answered, and follows a fund. It begins at a gateway of its own, and
 * goes to the other when that one is not there.
 */
export class Trader {
  readonly name: string
  /** Keys of orders that were acknowledged, in order. */
  readonly acknowledged: string[] = []
  /** When the newest acknowledged order was first sent, by performance.now. */
  newestSent = Number.NEGATIVE_INFINITY
  /** Answers that were errors, by code. */
  readonly refused = new Map<string, number>()
  /** The newest state of the fund, and whether it was said to be stale since `forgetStale`. */
  seen: Seen = { at: Number.NEGATIVE_INFINITY, stale: true }
  wasStale = false
  private readonly wire: Driftwire
  private readonly nodes: Nodes
  private stopped = false
  private ordering: Promise<void> | undefined

  constructor(nodes: Nodes, name: string, home: number) {
    this.nodes = nodes
    this.name = name
    this.wire = connect(Nodes.urlOf(nodes.gateways[0]!), { socket: throughBalancer(nodes, home) })
  }

  /** Registers, gets what it needs for its orders, and begins. */
  async begin(everyMs: number): Promise<void> {
    await this.wire.register(this.name, PASSWORD)
    for (const asset of ['BTC', 'ETH'])
      await this.nodes.admin('/v1/admin/deposits', { username: this.name, asset, amount: '1000', key: `${this.name}-${asset}` })
    this.wire.channel('fund:ONE', { checksum: true }).subscribe(({ stale }) => {
      this.seen = { at: performance.now(), stale }
      this.wasStale ||= stale
    })
    this.ordering = this.order(everyMs)
  }

  /** Resolves when it has a fresh state, and an order was answered that it sent after this was called. */
  async whole(): Promise<void> {
    const from = performance.now()
    while (!(this.newestSent >= from && this.seen.at >= from && !this.seen.stale)) await delay(10)
  }

  /** Ends ordering. Resolves with what the server has of its orders when all that was sent is answered. */
  async end(): Promise<{ keys: string[]; shares: string }> {
    this.stopped = true
    await this.ordering
    const keys: string[] = []
    let after: number | undefined = 0
    const headers = { authorization: `Bearer ${this.wire.token}` }
    const url = Nodes.urlOf(this.nodes.gateways[0]!)
    while (after !== undefined) {
      const page = (await (await fetch(`${url}/v1/orders?limit=1000&after=${after}`, { headers })).json()) as {
        orders: { key: string; status: string }[]
        next?: number
      }
      keys.push(...page.orders.map(({ key }) => key))
      after = page.next
    }
    const holdings = (await (await fetch(`${url}/holdings`, { headers })).json()) as { shares: Record<string, string> }
    const { healed } = this.wire.counts
    if (healed > 0) throw new Error(`${this.name}: found ${healed} states that did not fit, expected none`)
    this.wire.close()
    return { keys, shares: holdings.shares.ONE ?? '0' }
  }

  private async order(everyMs: number): Promise<void> {
    for (let i = 0; !this.stopped; i++) {
      const key = `${this.name}-${i}`
      const sent = performance.now()
      await this.untilAnswered(i % 2 === 0 ? 'create' : 'redeem', key)
      this.acknowledged.push(key)
      this.newestSent = sent
      await delay(everyMs)
    }
  }

  private async untilAnswered(method: 'create' | 'redeem', key: string): Promise<void> {
    for (;;) {
      try {
        await this.wire.request(method, { fund: 'ONE', amount: '10', key }, { timeoutMs: 6_000 })
        return
      } catch (error) {
        const { code = 'none' } = error as { code?: string }
        this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
        await delay(50)
      }
    }
  }
}
