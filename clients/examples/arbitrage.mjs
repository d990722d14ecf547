// An authorised participant at work. If the market bids more for a share than its basket costs at the asks, it creates a unit; if the market
// asks less than the basket fetches at the bids, it redeems one. That holds the market price of a fund at its net asset value. Selling the shares
// that were created is the market's side of the trade, so `edge` is what each unit would have earned at that moment's quotes.
//
//   node arbitrage.mjs --user NAME --password PASSWORD [--fund TOP10] [--edge 0.001] [--orders 10] [--url http://127.0.0.1:8080]
import { parseArgs } from 'node:util'
import { connect } from 'driftwire-client'

const text = value => ({ type: 'string', ...(value && { default: value }) })
const options = {
  user: text(),
  password: text(),
  url: text('http://127.0.0.1:8080'),
  fund: text('TOP10'),
  edge: text('0.001'),
  orders: text('Infinity'),
}
const { user, password, url, fund, edge, orders } = parseArgs({ options }).values

const wire = connect(`${url.replace('http', 'ws')}/ws`)
await wire.login(user, password)
const { creationUnit } = await (await fetch(`${url}/v1/funds/${fund}/basket`)).json()
let [market, shares, left] = [{}, 0, Number(orders)]
wire.channel(`tick:${fund}-USD`).subscribe(({ state, stale }) => (market = stale ? {} : state))
wire.channel('holdings').subscribe(({ state }) => (shares = Number(state.shares?.[fund] ?? 0)))

// One unit at a time: the loop goes on with the newest state, which knows of the last order. What is unknown makes an edge NaN.
for await (const { state, stale } of wire.channel(`fund:${fund}`, { maxRate: 10 })) {
  const { bid, mid, ask } = state.inav ?? {}
  const edges = { create: (market.bid - ask) / mid, redeem: (bid - market.ask) / mid }
  const side = edges.create > edge ? 'create' : edges.redeem > edge && shares >= Number(creationUnit) ? 'redeem' : undefined
  if (side === undefined || stale || state.halted) continue
  const order = await wire.orders[side]({ fund, amount: creationUnit })
  console.log(`${new Date(order.t).toISOString()} ${side} ${order.amount} ${fund}: ${order.status} ${order.code ?? ''} edge ${edges[side]}`)
  if (--left <= 0 || order.status === 'rejected') break
}
wire.close()
