import type { Json, JsonObject } from '../../streams/wire/mergePatch.ts'
import { Driftwire } from '../client.ts'

/** The first page: what the server has, as it changes. It draws ten times a second at most, whatever comes. */

const DRAW_MS = 100

const element = (id: string): HTMLElement => document.getElementById(id)!
const object = (value: Json | undefined): JsonObject => (typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : {})
const numeric = (value: Json | undefined): number => (typeof value === 'number' ? value : Number.NaN)

const plain = new Intl.NumberFormat('en', { maximumSignificantDigits: 7 })
const money = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2 })
const signed = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 3,
  maximumFractionDigits: 3,
  signDisplay: 'exceptZero',
})

/** Unknown is a dash, never a zero. */
const shown = (value: Json | undefined, format: Intl.NumberFormat): string =>
  Number.isNaN(numeric(value)) ? '–' : format.format(numeric(value))

const make = (tag: string, text = '', className = ''): HTMLElement => {
  const node = document.createElement(tag)
  node.textContent = text
  if (className) node.className = className
  return node
}

/** What is too small to be shown is neither up nor down. */
const signClass = (value: Json | undefined): string => (numeric(value) > 5e-6 ? 'up' : numeric(value) < -5e-6 ? 'down' : '')

const figures = (list: readonly (readonly [label: string, value: string, className?: string])[]): HTMLElement => {
  const box = make('div', '', 'figures')
  for (const [label, value, className = ''] of list) {
    const figure = make('div')
    figure.append(make('span', label, 'label'), make('span', value, `value ${className}`))
    box.append(figure)
  }
  return box
}

type Cell = string | readonly [text: string, className: string]

const table = (heads: readonly string[], rows: readonly (readonly Cell[])[]): HTMLElement => {
  const node = make('table')
  const head = make('tr')
  head.append(...heads.map(text => make('th', text)))
  const body = make('tbody')
  for (const row of rows) {
    const line = make('tr')
    line.append(...row.map(cell => (typeof cell === 'string' ? make('td', cell) : make('td', cell[0], cell[1]))))
    body.append(line)
  }
  const top = make('thead')
  top.append(head)
  node.append(top, body)
  return node
}

const marks = (state: JsonObject): string =>
  [
    state.stale === true ? 'stale' : '',
    state.halted === true ? 'halted' : '',
    state.partial === true ? 'partial' : '',
    state.pending ? `waiting for ${Object.keys(object(state.pending)).join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(', ')

const titled = (id: string, state: JsonObject): HTMLElement => {
  const title = make('h3', id)
  const mark = marks(state)
  if (mark) title.append(' ', make('small', mark, 'mark'))
  return title
}

const fund = (id: string, state: JsonObject): HTMLElement[] => {
  const [weights, target, drift, prices] = [object(state.weights), object(state.target), object(state.drift), object(state.prices)]
  return [
    titled(id, state),
    figures([
      ['NAV per share', shown(state.nav, money)],
      ['Market', shown(state.market, money)],
      ['Premium', shown(state.premium, signed), signClass(state.premium)],
      ['Assets', shown(state.aum, money)],
      ['Total drift', shown(state.totalDrift, percent)],
    ]),
    table(
      ['Asset', 'Price', 'Weight', 'Target', 'Drift'],
      Object.keys(weights)
        .sort((a, b) => numeric(weights[b]) - numeric(weights[a]))
        .map(asset => [
          asset,
          shown(prices[asset], plain),
          shown(weights[asset], percent),
          shown(target[asset], percent),
          [shown(drift[asset], signed), signClass(drift[asset])],
        ]),
    ),
  ]
}

const portfolio = (id: string, state: JsonObject): HTMLElement[] => {
  const unpriced = Object.keys(object(state.unpriced))
  const known = object(state.known)
  return [
    titled(id, state),
    figures([
      ['Value', shown(state.value, money)],
      ['Total gain', shown(state.total, money), signClass(state.total)],
      ['Unrealised', shown(state.unrealised, money), signClass(state.unrealised)],
      ['Realised', shown(state.realised, money), signClass(state.realised)],
      ...(state.total === undefined && known.total !== undefined
        ? [['Known value', shown(known.value, money)] as const, ['Known gain', shown(known.total, money), signClass(known.total)] as const]
        : []),
      ...(unpriced.length > 0 ? [['Not priced', unpriced.join(', '), 'mark'] as const] : []),
    ]),
    table(
      ['Asset', 'Quantity', 'Price', 'Average', 'Value', 'Unrealised'],
      Object.entries(object(state.assets)).map(([asset, held]) => {
        const { qty, price, avg, value, unrealised } = object(held)
        return [
          asset,
          shown(qty, plain),
          shown(price, plain),
          shown(avg, plain),
          shown(value, money),
          [shown(unrealised, money), signClass(unrealised)],
        ]
      }),
    ),
  ]
}

const pools = (states: ReadonlyMap<string, JsonObject>): HTMLElement =>
  table(
    ['Pool', 'Price', 'Liquidity', 'Bid −2 %', 'Ask +2 %', 'Volume 24 h', 'Trades'],
    [...states].map(([id, s]) => [
      [[id, marks(s)].filter(Boolean).join(' · '), marks(s) ? 'mark' : ''],
      shown(s.price, plain),
      shown(s.tvl, money),
      shown(object(s.depth).bid2, money),
      shown(object(s.depth).ask2, money),
      shown(s.volume24h, money),
      shown(s.trades24h, plain),
    ]),
  )

const market = (states: ReadonlyMap<string, JsonObject>): HTMLElement =>
  table(
    ['Symbol', 'Price', 'Bid', 'Ask', 'Change 24 h', 'Volume 24 h'],
    [...states]
      .filter(([, s]) => Object.keys(s).length > 0)
      .map(([symbol, s]) => {
        const day = object(s.day)
        const change = numeric(s.price) / numeric(day.open) - 1
        return [
          [symbol, s.stale === true ? 'mark' : ''],
          [shown(s.price, plain), s.side === 'buy' ? 'up' : 'down'],
          shown(s.bid, plain),
          shown(s.ask, plain),
          [shown(change, signed), signClass(change)],
          shown(day.notional, money),
        ]
      }),
  )

const feeds = (status: JsonObject): HTMLElement =>
  table(
    ['Feed', 'State', 'Ticks', 'Late', 'Left out', 'Lag ms'],
    Object.entries(object(status.feeds)).map(([id, feed]) => {
      const { state, ticks, late, bad, lag } = object(feed)
      const left = Object.entries(object(bad)).map(([kind, n]) => `${n} ${kind}`)
      return [
        id,
        [String(state), state === 'live' || state === 'ended' ? 'up' : 'down'],
        shown(ticks, plain),
        shown(late, plain),
        left.join(', ') || '0',
        shown(lag, plain),
      ]
    }),
  )

const states = {
  fund: new Map<string, JsonObject>(),
  pnl: new Map<string, JsonObject>(),
  pool: new Map<string, JsonObject>(),
  tick: new Map<string, JsonObject>(),
}
let status: JsonObject = {}
let time = 0
let drawn = true

const draw = (): void => {
  if (drawn) return
  drawn = true
  element('time').textContent = time > 0 ? new Date(time).toISOString().replace('T', ' ').slice(0, 23) : ''
  const none = make('p', 'none configured', 'none')
  element('funds').replaceChildren(...(states.fund.size ? [...states.fund].flatMap(([id, s]) => fund(id, s)) : [none.cloneNode(true)]))
  element('portfolios').replaceChildren(
    ...(states.pnl.size ? [...states.pnl].flatMap(([id, s]) => portfolio(id, s)) : [none.cloneNode(true)]),
  )
  element('pools').replaceChildren(states.pool.size ? pools(states.pool) : none.cloneNode(true))
  element('ticks').replaceChildren(market(states.tick))
  element('feeds').replaceChildren(feeds(status))
}
setInterval(() => requestAnimationFrame(draw), DRAW_MS)

const follow = (channel: string): void => {
  const [kind, ...rest] = channel.split(':') as [keyof typeof states, ...string[]]
  client.follow(
    channel,
    {
      state: (state, t) => {
        states[kind].set(rest.join(':'), state)
        time = Math.max(time, t)
        drawn = false
      },
    },
    { maxRate: 10 },
  )
}

const client = new Driftwire({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
  onConnection: (connected, why) => {
    element('connection').className = connected ? 'on' : 'off'
    element('connection').textContent = connected ? 'live' : `not connected ${why}`
    if (connected) look()
  },
})

const LOOK_MS = 10_000

/** Follows what there is; symbols may come later. A connection lost meanwhile looks again when it is back. */
const look = (): void => {
  client.request<string[]>('channels').then(
    names => {
      for (const name of names) {
        const kind = name.split(':')[0]!
        if (kind in states && !states[kind as keyof typeof states].has(name.slice(kind.length + 1))) follow(name)
      }
    },
    () => {},
  )
}
setInterval(look, LOOK_MS)

client.follow('status', {
  state: state => {
    status = state
    drawn = false
  },
})
