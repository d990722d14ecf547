import type { HoldingsState, Order } from '../../../streams/wire/states.ts'
import { wrapped } from '../../lib/plainText.ts'
import { type Column, table } from '../../lib/textTable.ts'
import { fixed, moment, shown } from '../terminal/figures.ts'
import type { Space } from './state.ts'

/** Returns orders as a table, newest first. */
export const ordersView = (orders: readonly Order[], { width, paint }: Space): string[] => {
  if (orders.length === 0) return ['no orders']
  const newest = [...orders].sort((a, b) => b.seq - a.seq)
  const columns: Column<Order>[] = [
    { head: 'time UTC', cell: ({ t }) => moment(Math.floor(t / 1_000) * 1_000), left: true, rank: 3 },
    { head: 'order', cell: ({ side }) => side, left: true },
    { head: 'of', cell: ({ fund, asset }) => fund ?? asset, left: true, least: 6 },
    { head: 'amount', cell: order => order.amount },
    { head: 'nav', cell: ({ nav }) => shown(value => fixed(value, 4), nav), rank: 4 },
    {
      head: 'status',
      cell: ({ status, code }) => (status === 'rejected' ? `rejected: ${code ?? 'no reason given'}` : status),
      left: true,
      least: 8,
      paint: ({ status }, text) => paint(status === 'rejected' ? 'red' : 'green', text),
    },
    { head: 'key', cell: ({ key }) => key, left: true, rank: 2, least: 8 },
    { head: 'entry', cell: ({ seq }) => String(seq), rank: 5 },
  ]
  return table(newest, columns, { width, head: line => paint('bold', line) }).split('\n')
}

/** Returns one order: what became of it, and what changed hands. */
export const orderView = (order: Order, space: Space): string[] => {
  const { side, fund, asset, to, amount, status, code, shortfall, nav, key, seq, t } = order
  const of = fund !== undefined ? `${amount} shares of ${fund}` : `${amount} ${asset ?? ''}`.trim()
  const what = `${side} ${of}${to === undefined ? '' : ` to ${to}`}`
  const outcome = status === 'settled' ? space.paint('green', 'settled') : space.paint('red', `rejected: ${code ?? 'no reason given'}`)
  const lacking = shortfall === undefined ? [] : [`needed ${shortfall.needed} ${shortfall.asset}, held ${shortfall.held}`]
  const rest = [...lacking, ...(nav === undefined ? [] : [`nav ${fixed(nav, 4)}`]), `entry ${seq}`, `at ${moment(t)} UTC`, `key ${key}`]
  return [...wrapped([what], space.width), outcome, ...wrapped(rest, space.width), ...legsView(order, space)]
}

/** What a table of what changes hands is made of; `status`: absent of a quote. */
interface Exchanged extends Pick<Order, 'side' | 'legs' | 'fee'> {
  readonly status?: Order['status']
}

/** Returns what changes hands as a table: what is given and what is got, or would have been by an order that is rejected. */
export const legsView = ({ side, legs, fee, status }: Exchanged, { width, paint }: Space): string[] => {
  const would = status === 'rejected' ? 'would ' : ''
  if (legs.length === 0 && fee === undefined) return []
  const rows = [
    ...legs.map(leg => ({
      ...leg,
      kind: side === 'create' ? `you ${would}give` : side === 'redeem' ? `you ${would}get` : `${would && 'not '}moved`,
    })),
    ...(fee === undefined ? [] : [{ ...fee, kind: 'fee' }]),
  ]
  const columns: Column<(typeof rows)[number]>[] = [
    { head: '', cell: ({ kind }) => kind, left: true },
    { head: 'asset', cell: ({ asset }) => asset, left: true, least: 6 },
    { head: 'amount', cell: row => row.amount },
  ]
  return ['', ...table(rows, columns, { width, head: line => paint('bold', line) }).split('\n')]
}

/** Returns what a client owns as a table: assets, then shares of funds. */
export const holdingsView = ({ assets = {}, shares = {} }: HoldingsState, { width, paint }: Space): string[] => {
  const rows = [
    ...Object.entries(assets).map(([name, amount]) => ({ kind: 'asset', name, amount })),
    ...Object.entries(shares).map(([name, amount]) => ({ kind: 'shares', name, amount })),
  ]
  if (rows.length === 0) return ['nothing is held']
  const columns: Column<(typeof rows)[number]>[] = [
    { head: '', cell: ({ kind }) => kind, left: true, rank: 1 },
    { head: 'of', cell: ({ name }) => name, left: true, least: 6 },
    { head: 'amount', cell: row => row.amount },
  ]
  return table(rows, columns, { width, head: line => paint('bold', line) }).split('\n')
}
