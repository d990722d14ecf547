import type { SymbolMap } from '../../streams/market/symbols.ts'
import { type Environment, systemEnvironment } from './environment.ts'
import type { PoolParameters } from './evm/contracts.ts'
import { evmFeed } from './evm/evm.ts'
import type { Feed } from './feed.ts'
import { CONNECTION_TIMEOUTS, type ConnectionTimeouts } from './live/connection.ts'
import { live, type Wanted } from './live/live.ts'
import { replay } from './replay/replay.ts'
import { SpecError } from './specError.ts'
import { EXCHANGES, type LiveExchange, PERPETUAL } from './venues/index.ts'
import type { Venue } from './venues/venue.ts'

/** The surroundings of a feed that is opened by its SPEC. */
export interface FeedOptions {
  readonly map: SymbolMap
  /** Opens the simulated market; the seed is undefined if the feed names none. */
  readonly sim: (id: string, seed: string | undefined) => Feed
  /** The directory in which relative file names begin. */
  readonly base: string
  /** The pools whose logs a chain is asked for. */
  readonly pools?: readonly PoolParameters[]
  /** Which of them this process computes; all if it is left out. */
  readonly needs?: (pool: string) => boolean
  readonly mirrors?: Readonly<Record<string, string>>
  readonly timeouts?: ConnectionTimeouts
  readonly environment?: Environment
}

const KINDS = `sim, sim:SEED, replay:FILE, evm:URL, ${Object.keys(EXCHANGES)
  .map(name => `${name}:SYMBOLS`)
  .join(', ')}`

/** Opens the feed that a SPEC asks for; looks into a replay's file first. Throws SpecError: what was found, what was expected. */
export const feedOf = async (spec: string, options: FeedOptions): Promise<Feed> => {
  const { map, sim, base, environment = systemEnvironment } = options
  const colon = spec.indexOf(':')
  const kind = colon < 0 ? spec : spec.slice(0, colon)
  const rest = colon < 0 ? undefined : spec.slice(colon + 1)
  switch (kind) {
    case 'sim':
      if (rest === '') throw new SpecError(spec, 'no seed', 'sim or sim:SEED')
      return sim(spec, rest)
    case 'replay':
      return replay({ spec, base, map, environment })
    case 'evm':
      return evmFeed({
        spec,
        pools: options.pools ?? [],
        needs: options.needs,
        timeouts: options.timeouts ?? CONNECTION_TIMEOUTS,
        environment,
      })
    case 'ccxt':
    case 'http':
      throw new SpecError(spec, `a feed of the kind ${kind}, which is not available in this version`, KINDS)
  }
  const exchange = Object.hasOwn(EXCHANGES, kind) ? EXCHANGES[kind]! : undefined
  if (exchange === undefined) throw new SpecError(spec, JSON.stringify(kind), KINDS)
  return liveFeed(spec, kind, exchange, rest ?? '', options)
}

/** Names of perpetuals: `BTCUSDT-PERP`, and Binance's own `BTCUSD_PERP`. */
const PERPETUALS = /[-_]PERP$/i

const liveFeed = (spec: string, kind: string, { spot, perpetual, inverse }: LiveExchange, list: string, options: FeedOptions): Feed => {
  const { map, mirrors = {}, timeouts = CONNECTION_TIMEOUTS, environment = systemEnvironment } = options
  const wanted = new Map<Venue, Set<string>>()
  const canonical = new Set<string>()
  for (const item of list.split(',')) {
    const isPerpetual = PERPETUALS.test(item)
    const name = item.toUpperCase().endsWith(PERPETUAL) ? item.slice(0, -PERPETUAL.length) : item
    const venue = isPerpetual && inverse?.symbols.form.test(name.toUpperCase()) ? inverse : isPerpetual ? perpetual : spot
    if (venue === undefined) throw new SpecError(spec, item, `no perpetual: of ${kind} the spot market is understood`)
    const { form, like, inCapitals } = venue.symbols
    const symbol = inCapitals ? name.toUpperCase() : name
    // A name that the configuration knows may have any form: venues list names in other scripts, too.
    if (map.named(venue.name, symbol) === undefined && !form.test(symbol))
      throw new SpecError(spec, JSON.stringify(item), `${kind}:SYMBOL,SYMBOL… with symbols like ${like}`)
    const known = map.canonical(venue.name, symbol, venue.perpetual)
    if (known === undefined)
      throw new SpecError(spec, item, 'a symbol that splits in one way into two assets, or that "symbols" of the configuration names')
    canonical.add(known)
    wanted.set(venue, (wanted.get(venue) ?? new Set()).add(symbol))
  }
  const lines: Wanted[] = [...wanted].map(([venue, symbols]) => ({ venue, symbols: [...symbols] }))
  return live({ id: spec, wanted: lines, symbols: [...canonical], mirrors, timeouts, environment })
}
