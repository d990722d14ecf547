import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import { paragraph, visible, wrapped } from '../../lib/plainText.ts'
import { type Column, table } from '../../lib/textTable.ts'
import { amount, moment, plain, short, shown, span } from '../terminal/figures.ts'
import { figureAt, memberOf, objectAt, type Space, textAt } from './state.ts'

/** A feed as a row. */
type Row = readonly [id: string, feed: JsonObject]

const count = (value: number): string => amount(value, 9)
const sumOf = (figures: JsonObject): number =>
  Object.values(figures).reduce((sum: number, value) => sum + (typeof value === 'number' ? value : 0), 0)

/** Returns what the state of `status` says that asks for action, a line each. docs/operations.md says what to do. */
export const attentionOf = (state: JsonObject): string[] => {
  const feeds = Object.entries(objectAt(state, 'feeds')) as Row[]
  const above = (path: string, what: string): string[] => {
    const value = memberOf(state, path)
    const sum = typeof value === 'object' && value !== null ? sumOf(value as JsonObject) : Number(value ?? 0)
    return sum > 0 ? [`${path}: ${count(sum)} ${what}`] : []
  }
  const journal = textAt(state, 'journal.state')
  return [
    ...feeds.flatMap(([id, feed]) => [
      ...(feed.state === 'down' ? [`feeds.${id}: down`] : []),
      ...(feed.silent === true ? [`feeds.${id}: silent, its prices are stale`] : []),
      ...Object.entries(objectAt(feed, 'refused')).map(([topic, why]) => `feeds.${id}: refused ${topic}: ${why}`),
      ...Object.keys(objectAt(feed, 'missing')).map(symbol => `feeds.${id}: ${symbol} never came`),
    ]),
    ...above('sink.dropped', 'rows lost'),
    ...above('sink.setAside.rows', 'rows set aside: `driftwire spool retry`'),
    ...above('dex.dropped', 'rows lost'),
    ...(memberOf(state, 'sink.lastError') === undefined ? [] : [`sink: ${textAt(state, 'sink.lastError')}`]),
    ...(journal === undefined || journal === 'open'
      ? []
      : [`journal: ${journal}${textAt(state, 'journal.failure') ? `: ${textAt(state, 'journal.failure')}` : ''}`]),
    ...(memberOf(state, 'journal.fault') === undefined ? [] : [`journal: ${textAt(state, 'journal.fault')}`]),
    ...above('clients.dropped', 'sockets lost messages'),
    ...above('rebalances.strange', 'reports of orders that are not known here'),
    ...above('rebalances.failed', 'steps of rebalances could not be written down'),
  ].map(visible)
}

/** Returns the state of `status` for an operator: what asks for action, the feeds, and a line for each part. */
export const statusView = (state: JsonObject, { width, paint }: Space): string[] => {
  const attention = attentionOf(state)
  const columns: Column<Row>[] = [
    { head: 'feed', cell: ([id]) => id, left: true, least: 8 },
    {
      head: 'state',
      cell: ([, feed]) => (feed.silent === true ? 'silent' : textAt(feed, 'state')),
      left: true,
      paint: ([, feed], text) =>
        paint(feed.state === 'down' || feed.silent === true ? 'red' : feed.state === 'live' ? 'green' : 'yellow', text),
    },
    { head: 'ticks', cell: ([, feed]) => figureAt(feed, 'ticks', count), rank: 1 },
    { head: 'late', cell: ([, feed]) => figureAt(feed, 'late', count), rank: 4 },
    { head: 'left out', cell: ([, feed]) => shown(count, sumOf(objectAt(feed, 'bad'))), rank: 3 },
    { head: 'lag', cell: ([, feed]) => figureAt(feed, 'lag', value => (value < 0 ? `-${span(-value)}` : span(value))), rank: 2 },
  ]
  const feeds = Object.entries(objectAt(state, 'feeds')) as Row[]
  const part = (name: string, ...figures: readonly (readonly [label: string, text: string])[]): string[] =>
    wrapped([paint('bold', name.padEnd(9)) + figures[0]!.join(' '), ...figures.slice(1).map(pair => pair.join(' '))], width)
  const of = (path: string, write: (value: number) => string = count): string => figureAt(state, path, write)
  return [
    ...(attention.length === 0
      ? [paint('green', 'all is well')]
      : attention.flatMap(line => paragraph(`! ${line}`, width).map(text => paint('red', text)))),
    '',
    ...(feeds.length === 0 ? ['no feeds'] : table(feeds, columns, { width, head: line => paint('bold', line) }).split('\n')),
    '',
    ...part('rates', ['ticks/s', of('rates.ticks')], ['frames/s', of('rates.frames')]),
    ...part(
      'store',
      ['', textAt(state, 'sink.state') ?? '—'],
      ['waiting', `${of('sink.waiting.rows')} rows, ${of('sink.waiting.bytes', bytes)}`],
      ['stored to', of('sink.storedTo', moment)],
    ),
    ...part(
      'clients',
      ['sockets', of('clients.sockets')],
      ['subscriptions', of('clients.follows')],
      ['slow', of('clients.slow')],
      ['pushes', of('clients.pushes', short)],
    ),
    ...part(
      'journal',
      ['', textAt(state, 'journal.state') ?? '—'],
      ['entries', of('journal.entries')],
      ['verified to', of('journal.verifiedTo')],
      ['in ClickHouse to', of('journal.audited')],
    ),
    ...part('accounts', ['logins', of('accounts.tokens')], ['failures', of('accounts.failures')], ['slowed', of('accounts.slowed')]),
  ]
}

/** Bytes with a unit. */
const bytes = (value: number): string =>
  value < 1_024 ? `${value} B` : value < 1_024 ** 2 ? `${plain(value / 1_024, 3)} KiB` : `${plain(value / 1_024 ** 2, 4)} MiB`
