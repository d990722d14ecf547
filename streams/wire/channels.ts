import { isSymbol, NAME } from '../lib/names.ts'

/** The lengths of the candles that channels show, ms. */
export const INTERVALS = { '1m': 60_000, '5m': 300_000, '1h': 3_600_000, '1d': 86_400_000 } as const

/** The name of a candle's length. */
export type Interval = keyof typeof INTERVALS

/** A kind of channel: what its names look like, who reads them, what can be asked of them. */
export interface ChannelKind {
  /** What follows the kind in a channel's name, each part behind a colon. */
  readonly id: 'none' | 'name' | 'symbol' | 'interval+symbol'
  /**
   * Who reads it beside the admin: everybody (`all`); those that the configuration or its owner names (`listed`); those that read the fund
   * of the same name (`fund`); each client, a channel of its own (`own`). A kind that names nobody is the admin's alone.
   */
  readonly readers?: 'all' | 'listed' | 'fund' | 'own'
  /** Whether its rows are stored, so that `history` and `from` can ask for them. */
  readonly past: boolean
}

/** Every kind of channel. What depends on the kind is derived from this table, or is a record that must name each kind. */
export const CHANNELS = {
  tick: { id: 'symbol', readers: 'all', past: true },
  trades: { id: 'symbol', readers: 'all', past: false },
  candle: { id: 'interval+symbol', readers: 'all', past: true },
  pnl: { id: 'name', readers: 'listed', past: true },
  fund: { id: 'name', readers: 'listed', past: true },
  pool: { id: 'name', readers: 'all', past: true },
  rebalances: { id: 'name', readers: 'fund', past: false },
  metrics: { id: 'name', readers: 'all', past: false },
  score: { id: 'name', readers: 'all', past: false },
  models: { id: 'none', readers: 'all', past: false },
  orders: { id: 'none', readers: 'own', past: false },
  holdings: { id: 'none', readers: 'own', past: false },
  alerts: { id: 'none', readers: 'all', past: false },
  /** Every alert, those about channels among them that not everybody reads. */
  allalerts: { id: 'none', past: false },
  status: { id: 'none', readers: 'all', past: false },
} as const satisfies Record<string, ChannelKind>

/** The name of a kind. */
export type Kind = keyof typeof CHANNELS
/** The kinds whose names have this form. */
export type KindOf<Form extends ChannelKind['id']> = { [K in Kind]: (typeof CHANNELS)[K]['id'] extends Form ? K : never }[Kind]

/** The kinds whose rows are stored. */
export type StoredKind = { [K in Kind]: (typeof CHANNELS)[K]['past'] extends true ? K : never }[Kind]

/** Returns what the table says of a kind. */
export const kindOf = (kind: Kind): ChannelKind => CHANNELS[kind]

/** The names of all kinds, in the order of the table. */
export const KINDS = Object.keys(CHANNELS) as Kind[]

/** A name of this kind, read. */
export type ChannelNameOf<K extends Kind> =
  K extends KindOf<'interval+symbol'>
    ? { readonly kind: K; readonly interval: Interval; readonly id: string }
    : { readonly kind: K; readonly id: K extends KindOf<'none'> ? '' : string }

/** A channel's name, read. */
export type ChannelName = ChannelNameOf<Kind>

/** Whether `kind` is in the table. */
const isKind = (kind: string): kind is Kind => Object.hasOwn(CHANNELS, kind)

/** Of each form, whether these parts of a name fit it. */
const FITS: { readonly [Form in ChannelKind['id']]: (parts: readonly string[]) => boolean } = {
  none: parts => parts.length === 0,
  name: parts => parts.length === 1 && NAME.test(parts[0]!),
  symbol: parts => parts.length === 1 && isSymbol(parts[0]!),
  'interval+symbol': parts => parts.length === 2 && Object.hasOwn(INTERVALS, parts[0]!) && isSymbol(parts[1]!),
}

/** Reads `tick:BTC-USD`, `candle:1m:BTC-USD`, `fund:TOP10`, `status`; undefined if no channel can have this name. */
export const parseChannel = (name: string): ChannelName | undefined => {
  const [kind, ...parts] = name.split(':') as [string, ...string[]]
  if (!isKind(kind) || !FITS[CHANNELS[kind].id](parts)) return undefined
  const id = parts.at(-1) ?? ''
  return (parts.length === 2 ? { kind, interval: parts[0], id } : { kind, id }) as ChannelName
}

/** Returns whether a channel's rows are stored. */
export const hasPast = (channel: string): boolean => {
  const name = parseChannel(channel)
  return name !== undefined && kindOf(name.kind).past
}

/** Returns the names of all channels of one symbol. */
export const channelsOf = (symbol: string): string[] =>
  KINDS.flatMap(kind => {
    const { id } = kindOf(kind)
    if (id === 'symbol') return `${kind}:${symbol}`
    return id === 'interval+symbol' ? Object.keys(INTERVALS).map(interval => `${kind}:${interval}:${symbol}`) : []
  })
