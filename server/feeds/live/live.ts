import type { FeedState } from '../../../streams/market/feedHealth.ts'
import type { Environment } from '../environment.ts'
import type { Feed, FeedContext, FeedInput } from '../feed.ts'
import type { Venue } from '../venues/venue.ts'
import { apart } from './askedSymbols.ts'
import { Connection, type ConnectionTimeouts } from './connection.ts'
import { type GetPage, getPage } from './refetch.ts'

/** Instruments of one market, as the venue names them. */
export interface Wanted {
  readonly venue: Venue
  readonly symbols: readonly string[]
}

/** The instruments of a live feed, by venue. */
export interface LiveOptions {
  readonly id: string
  readonly wanted: readonly Wanted[]
  /** Canonical. */
  readonly symbols: readonly string[]
  /** Replaces an address's beginning, as in `{"wss://stream.bybit.com":"ws://127.0.0.1:9000"}`. */
  readonly mirrors: Readonly<Record<string, string>>
  readonly timeouts: ConnectionTimeouts
  readonly environment: Environment
  /** Asks for a page of missing trades; over HTTP if it is left out. */
  readonly get?: GetPage
}

/** A venue's sockets as one feed. */
export const live = (options: LiveOptions): Feed => ({
  id: options.id,
  live: true,
  symbols: options.symbols,
  sources: options.wanted.map(({ venue }) => venue.name),
  open: context => inputs(options, context),
})

const inputs = async function* (options: LiveOptions, context: FeedContext): AsyncGenerator<FeedInput> {
  const { feed, signal } = context
  const bell = new Bell()
  const connections = connectionsOf(options, context, () => bell.ring())
  const stop = () => bell.ring()
  signal.addEventListener('abort', stop)
  try {
    let said: FeedState | undefined
    while (!signal.aborted) {
      const state = worst(connections)
      const change: FeedInput[] = state === said ? [] : [{ kind: 'feed', feed, state }]
      said = state
      // Ticks come after the word that there is a connection, and before the word that there is none any more.
      if (state === 'live') yield* change
      for (const connection of connections) {
        yield* connection.drain()
        yield* connection.drainLevels()
      }
      if (state !== 'live') yield* change
      yield* troubles(feed, connections)
      await bell.rung()
    }
  } finally {
    signal.removeEventListener('abort', stop)
    for (const connection of connections) connection.close()
  }
}

const connectionsOf = (options: LiveOptions, context: FeedContext, onNews: () => void): Connection[] => {
  const { wanted, mirrors, timeouts, environment, get = getPage } = options
  const { feed, log, map, books } = context
  const isShown = ({ name, perpetual }: Venue, symbol: string): boolean => books?.has(map.canonical(name, symbol, perpetual) ?? '') === true
  const plans = wanted.flatMap(({ venue, symbols }) =>
    apart(venue, symbols, map).flatMap(group =>
      venue.sockets(group, new Set(group.filter(symbol => isShown(venue, symbol)))).map(plan => ({ venue, plan })),
    ),
  )
  const at = (url: string): string => mirrored(url, mirrors)
  return plans.map(
    ({ venue, plan }, line) => new Connection({ feed, line, venue, plan, naming: context, at, get, timeouts, environment, log, onNews }),
  )
}

/** What has become of the symbols, if that has changed. */
const troubles = (feed: number, connections: readonly Connection[]): FeedInput[] => {
  if (!connections.some(connection => connection.troubled)) return []
  for (const connection of connections) connection.troubled = false
  const [refused, missing] = [{}, {}]
  for (const connection of connections) {
    Object.assign(refused, connection.refused)
    Object.assign(missing, connection.missing)
  }
  return [{ kind: 'subscriptions', feed, refused, missing }]
}

/** A feed is as good as the worst of its connections: what that one carries is missing. */
const worst = (connections: readonly Connection[]): FeedState =>
  (['down', 'connecting', 'live'] as const).find(state => connections.some(connection => connection.state === state)) ?? 'live'

const mirrored = (url: string, mirrors: LiveOptions['mirrors']): string => {
  const begin = Object.keys(mirrors).find(b => url.startsWith(b))
  return begin === undefined ? url : mirrors[begin]! + url.slice(begin.length)
}

/** Wakes one who waits; rung while nobody waits, it wakes the next at once. */
export class Bell {
  private ringing = false
  private wake: (() => void) | undefined

  ring(): void {
    this.ringing = true
    this.wake?.()
  }

  async rung(): Promise<void> {
    if (!this.ringing) {
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
    this.ringing = false
    this.wake = undefined
  }
}
