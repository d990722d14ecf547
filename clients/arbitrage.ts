import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { JsonObject } from '../streams/wire/mergePatch.ts'
import { connect } from './node.ts'
import { place } from './orders.ts'

/**
 * An authorised participant at work: it watches a fund and its market. If the market bids more for a share than its basket costs at the asks,
 * it creates a unit; if the market asks less than the basket fetches at the bids, it redeems one. That holds the market price of a fund at its
 * net asset value.
 *
 *   node dist/clients/arbitrage.js --url ws://127.0.0.1:8080/ws --fund TOP10 --market TOP10-USD --user NAME --password PASSWORD --edge 0.001
 *
 * The baskets come from and go to the client's holdings at the clearing house. Selling the shares that were created, and buying those
 * that are redeemed, is the market's side of the trade, which the simulated market quotes and does not take part in: so `edge`,
 * which is printed with every order, is what each unit would have earned at that moment's quotes.
 */

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'ws://127.0.0.1:8080/ws' },
    fund: { type: 'string', default: 'TOP10' },
    market: { type: 'string' },
    user: { type: 'string' },
    password: { type: 'string' },
    edge: { type: 'string', default: '0.001' },
    orders: { type: 'string', default: 'Infinity' },
  },
})
const { fund, market = `${fund}-USD`, user: username, password } = values
if (username === undefined || password === undefined) {
  console.error('arbitrage: expected --user and --password')
  process.exit(2)
}

/** Returns what a unit earns a share at executable prices, as a part of its value: NaN if a price is unknown. */
const edges = (state: JsonObject, quote: JsonObject): { create: number; redeem: number } => {
  const { bid = Number.NaN, ask = Number.NaN, mid = Number.NaN } = (state.inav ?? {}) as Record<string, number | undefined>
  const price = (side: 'bid' | 'ask'): number => (quote.stale === true ? Number.NaN : ((quote[side] as number | undefined) ?? Number.NaN))
  // The basket is bought at the asks and sold at the bids; so is the share.
  return { create: (price('bid') - ask) / mid, redeem: (bid - price('ask')) / mid }
}

const wire = connect(values.url)
await wire.whenConnected()
await wire.request('login', { username, password })
const { creationUnit } = (await (
  await fetch(`${values.url.replace(/^ws/, 'http').replace(/\/ws$/, '')}/v1/funds/${fund}/basket`)
).json()) as { creationUnit: string }

const wanted = Number(values.edge)
let left = Number(values.orders)
let busy = false

/** Trades one unit at a time: the next decision is taken on what the market says after the last. */
const decide = async (state: JsonObject): Promise<void> => {
  if (busy || state.stale === true || state.halted === true) return
  const { create, redeem } = edges(state, wire.state(`tick:${market}`) ?? {})
  const shares = Number((wire.state('holdings')?.shares as JsonObject | undefined)?.[fund] ?? 0)
  const side = create > wanted ? 'create' : redeem > wanted && shares >= Number(creationUnit) ? 'redeem' : undefined
  if (side === undefined) return
  busy = true
  try {
    const order = await place(wire, side, { fund, amount: creationUnit, key: randomUUID() })
    const edge = ((side === 'create' ? create : redeem) * 100).toFixed(3)
    console.log(`${new Date(order.t).toISOString()} ${side} ${order.amount} ${fund}: ${order.status} ${order.code ?? ''} edge ${edge} %`)
    left -= 1
    if (order.status === 'rejected' || left <= 0) wire.close()
  } catch (error) {
    console.error(`${side}: ${(error as Error).message}`)
  } finally {
    busy = false
  }
}

wire.follow('holdings', {})
wire.follow(`tick:${market}`, {})
wire.follow(`fund:${fund}`, { state: state => void decide(state) }, { maxRate: 10 })
