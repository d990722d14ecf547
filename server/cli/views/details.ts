import { type Kind, parseChannel } from '../../../streams/wire/channels.ts'
import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { MetricsState } from '../../../streams/wire/states.ts'
import { cut, visible, wrapped } from '../../lib/plainText.ts'
import { type Column, table } from '../../lib/textTable.ts'
import { pnlTable } from '../pnlTable.ts'
import { fixed, moment, plain, price, shown } from '../terminal/figures.ts'
import { metricsView } from './metrics.ts'
import { holdingsView, ordersView } from './orders.ts'
import { bySign, figureAt, leavesOf, memberOf, objectAt, type Space, signed, textAt } from './state.ts'
import { statusView } from './status.ts'
import { change } from './summaries.ts'

type View = (id: string, state: JsonObject, space: Space) => string[]

/** Returns all of a channel's state that matters to a reader, in lines that fit. */
export const details = (channel: string, state: JsonObject, space: Space): string[] => {
  const name = parseChannel(channel)
  const view = name === undefined ? undefined : VIEWS[name.kind]
  return (view ?? everything)(name?.id ?? channel, state, space)
}

const everything: View = (_id, state, { width, paint }) => {
  const rows = [...leavesOf(state)]
  if (rows.length === 0) return ['nothing is known yet']
  const columns: Column<(typeof rows)[number]>[] = [
    { head: 'figure', cell: ([path]) => path, left: true, least: 12 },
    { head: 'value', cell: ([, value]) => (typeof value === 'number' ? plain(value, 12) : String(value)), left: true, least: 8 },
  ]
  return table(rows, columns, { width, head: line => paint('bold', line) }).split('\n')
}

const tick: View = (_id, state, space) => {
  const digits = (value: number): string => price(value, 8)
  const day = objectAt(state, 'day')
  return [
    ...wrapped(
      [
        `price ${figureAt(state, 'price', digits)}`,
        `bid ${figureAt(state, 'bid', digits)}`,
        `ask ${figureAt(state, 'ask', digits)}`,
        `last ${textAt(state, 'side') ?? 'trade'} ${figureAt(state, 'size', value => plain(value, 8))}`,
        `by ${visible(textAt(state, 'src') ?? '—')}`,
        `at ${figureAt(state, 't', moment)} UTC`,
      ],
      space.width,
    ),
    '',
    ...wrapped(
      [
        `24 h: open ${figureAt(day, 'open', digits)}`,
        ...['low', 'high', 'vwap'].map(name => `${name} ${figureAt(day, name, digits)}`),
        `volume ${figureAt(day, 'volume', value => plain(value, 9))}`,
        `trades ${figureAt(day, 'n', value => plain(value, 9))}`,
        ...(day.since === undefined ? [] : [`complete since ${figureAt(day, 'since', moment)}`]),
        ...(day.gap === true ? ['trades are missing'] : []),
      ],
      space.width,
      ' · ',
    ),
  ]
}

interface Trade {
  readonly t?: number
  readonly price?: number
  readonly size?: number
  readonly side?: string
  readonly src?: string
}
/** Trades that are shown, newest first. */
const TRADES = 30

const trades: View = (id, state, { width, paint }) => {
  const newest = (Object.values(objectAt(state, 'last')) as Trade[]).sort((a, b) => (b.t ?? 0) - (a.t ?? 0)).slice(0, TRADES)
  const columns: Column<Trade>[] = [
    { head: `${id}, UTC`, cell: ({ t }) => shown(value => moment(value).slice(11), t), left: true },
    { head: 'side', cell: ({ side }) => side, left: true, paint: ({ side }, text) => paint(side === 'sell' ? 'red' : 'green', text) },
    { head: 'price', cell: trade => shown(value => price(value, 8), trade.price) },
    { head: 'size', cell: ({ size }) => shown(value => plain(value, 8), size), rank: 1 },
    { head: 'source', cell: ({ src }) => src, left: true, rank: 2 },
  ]
  return table(newest, columns, { width, head: line => paint('bold', line) }).split('\n')
}

const fund: View = (_id, state, space) => {
  const { width, paint } = space
  const four = (value: number): string => fixed(value, 4)
  const share = (value: number): string => fixed(value * 100, 2)
  const needed = memberOf(state, 'rebalance.needed')
  const head = wrapped(
    [
      `nav ${figureAt(state, 'nav', four)}`,
      `market ${figureAt(state, 'market', four)} (${figureAt(state, 'premium', change)})`,
      `bid ${figureAt(state, 'inav.bid', four)}, ask ${figureAt(state, 'inav.ask', four)}`,
      `aum ${figureAt(state, 'aum', value => fixed(value, 2))}`,
      `shares ${textAt(state, 'shares') ?? '—'}`,
      `level ${figureAt(state, 'level', value => fixed(value, 3))}`,
      `largest drift ${figureAt(state, 'maxDrift', value => `${share(value)} %`)}`,
      `half the sum of drifts ${figureAt(state, 'totalDrift', value => `${share(value)} %`)}`,
      needed === true ? `a rebalance is due (${textAt(state, 'rebalance.reason') ?? 'reason unknown'})` : 'no rebalance is due',
      ...(state.halted === true ? ['halted'] : []),
    ],
    width,
  )
  const assets = [...new Set([...Object.keys(objectAt(state, 'weights')), ...Object.keys(objectAt(state, 'target'))])]
  const of = (member: string, asset: string): unknown => objectAt(state, member)[asset]
  assets.sort((a, b) => (Number(of('weights', b)) || 0) - (Number(of('weights', a)) || 0) || (a < b ? -1 : 1))
  const columns: Column<string>[] = [
    { head: 'asset', cell: asset => asset, left: true, least: 5 },
    { head: 'weight %', cell: asset => shown(share, of('weights', asset)) },
    { head: 'target %', cell: asset => shown(share, of('target', asset)), rank: 2 },
    {
      head: 'drift %',
      cell: asset => shown(signed(share), of('drift', asset)),
      rank: 1,
      paint: (asset, text) => bySign(paint, of('drift', asset), text),
    },
    { head: 'price', cell: asset => shown(value => price(value, 6), of('prices', asset)), rank: 3 },
    { head: 'units a share', cell: asset => shown(value => plain(value, 8), Number(of('units', asset) ?? Number.NaN)), rank: 4 },
    { head: '', cell: asset => String(of('blocked', asset) ?? of('pending', asset) ?? ''), left: true, rank: 5 },
  ]
  const lacking = Object.entries(objectAt(state, 'pending')).map(([asset, why]) => cut(`! ${asset}: ${visible(String(why))}`, width))
  return [...head, '', ...table(assets, columns, { width, head: line => paint('bold', line) }).split('\n'), ...lacking]
}

interface Planned {
  readonly side?: string
  readonly asset?: string
  readonly amount?: string
  readonly price?: number
  readonly filled?: string
  readonly status?: string
}

const rebalances: View = (_id, state, { width, paint }) => {
  const since = memberOf(state, 'since')
  const head = wrapped(
    [textAt(state, 'status') ?? 'nothing is planned', `mode ${textAt(state, 'mode') ?? '—'}`, `since ${shown(moment, since)}`],
    width,
  )
  const columns: Column<Planned>[] = [
    { head: 'side', cell: ({ side }) => side, left: true },
    { head: 'asset', cell: ({ asset }) => asset, left: true, least: 5 },
    { head: 'amount', cell: ({ amount }) => amount },
    { head: 'price', cell: trade => shown(value => price(value, 6), trade.price), rank: 2 },
    { head: 'filled', cell: ({ filled }) => filled, rank: 3 },
    { head: 'status', cell: ({ status }) => status, left: true, rank: 1 },
  ]
  const planned = Object.values(objectAt(state, 'trades')) as Planned[]
  return [...head, '', ...table(planned, columns, { width, head: line => paint('bold', line) }).split('\n')]
}

/** What is not here is shown leaf by leaf. */
const VIEWS: Partial<Record<Kind, View>> = {
  tick,
  trades,
  fund,
  rebalances,
  pnl: (id, state, { width }) => pnlTable(id, state, width),
  metrics: (_id, state, space) => metricsView(state as MetricsState, space),
  orders: (_id, state, space) => ordersView(Object.values(state) as never, space),
  holdings: (_id, state, space) => holdingsView(state as never, space),
  status: (_id, state, space) => statusView(state, space),
}
