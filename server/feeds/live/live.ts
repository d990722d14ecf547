import type { FeedState } from '../../../streams/market/feedHealth.ts'
import type { Environment } from '../environment.ts'
import type { Feed, FeedContext, FeedInput } from '../feed.ts'
import type { Venue } from '../venues/venue.ts'
import { Connection, type ConnectionTimeouts } from './connection.ts'

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
}

/** A venue's sockets as one feed. */
export const live = (options: LiveOptions): Feed => ({
  id: options.id,
  live: true,
  symbols: options.symbols,
  open: context => inputs(options, context),
})

const inputs = async function* ({ wanted, mirrors, timeouts, environment }: LiveOptions, context: FeedContext): AsyncGenerator<FeedInput> {
  const { feed, log, signal } = context
  const bell = new Bell()
  const shown = ({ name, perpetual }: Venue, symbol: string): boolean => {
    const canonical = context.map.canonical(name, symbol, perpetual)
    return canonical !== undefined && context.books?.has(canonical) === true
  }
  const connections = wanted.flatMap(({ venue, symbols }) =>
    venue
      .sockets(symbols, new Set(symbols.filter(symbol => shown(venue, symbol))))
      .map(
        ({ url, subscribeMessages: hello }) =>
          new Connection({
            feed,
            url: mirrored(url, mirrors),
            hello,
            heartbeat: venue.heartbeat,
            decoder: () => venue.decoder(context),
            timeouts,
            environment,
            log,
            onNews: () => bell.ring(),
          }),
      ),
  )
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
        const batch = connection.drain()
        if (batch) yield batch
        yield* connection.drainLevels()
      }
      if (state !== 'live') yield* change
      await bell.rung()
    }
  } finally {
    signal.removeEventListener('abort', stop)
    for (const connection of connections) connection.close()
  }
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
