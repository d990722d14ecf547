import { type ChannelKind, type ChannelName, KINDS, kindOf, parseChannel } from '../../streams/wire/channels.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Scope } from '../../streams/wire/scopes.ts'
import type { Config } from '../config/schema.ts'

/** Who stands behind a socket or a request. */
export interface Principal {
  /** '' if nobody has logged in. */
  readonly user: string
  readonly admin: boolean
  /** What an operator's token is good for. */
  readonly scopes?: readonly Scope[]
  /** Name of the operator's token; 'admin' for the admin's. */
  readonly operator?: string
  /** Digest of the token by which it is known: what is bound to it ends with it. */
  readonly token?: string
  /** ms since the epoch: when that token ends, if it is a login's. */
  readonly expires?: number
  /** Where the connection comes from. */
  readonly address?: string
  /** The name of the request that opened the socket, in logs and in errors. */
  readonly connection?: string
}

/** A principal that has not logged in. */
export const ANONYMOUS: Principal = { user: '', admin: false }

/** Who may call a method: everybody, or clients that are logged in. A method that names nobody is the admin's alone. */
export type Callers = 'all' | 'client'

/** What can be asked for: a channel to be read, rows to be put into a portfolio, something of an operator's, or a method to be called. */
export type Action =
  | { readonly read: string }
  | { readonly record: string }
  | { readonly operate: Scope }
  | { readonly act: Callers | undefined }

/** Throws a ProtocolError if `who` may not do this: `not_logged_in` if a login may help, else `not_allowed`. */
export const authorize = (access: Access, who: Principal, action: Action): void => {
  if (!access(who, action)) throw new ProtocolError(who.user === '' && who.operator === undefined ? 'not_logged_in' : 'not_allowed')
}

/** The kinds of which each client has a channel of its own. */
const OWN: readonly string[] = KINDS.filter(kind => kindOf(kind).readers === 'own')
const OWN_CHANNEL = new RegExp(`^(?:${OWN.join('|')})@(.+)$`)

/** Returns the channel that `who` means by this name: of the private kinds each client has its own. */
export const channelFor = (who: Principal, channel: string): string =>
  who.user !== '' && OWN.includes(channel) ? `${channel}@${who.user}` : channel

/** Returns the client whose private channel this is; undefined if it is no private channel. */
export const ownerOf = (channel: string): string | undefined => OWN_CHANNEL.exec(channel)?.[1]

/** Returns the name by which its client knows a channel. */
export const shownName = (channel: string): string => (ownerOf(channel) === undefined ? channel : channel.slice(0, channel.indexOf('@')))

/** Everybody, or these users and the admin. */
export type Readers = 'public' | readonly string[]

/** The one function that every channel, command and route asks. */
export type Access = (who: Principal, action: Action) => boolean

const isAmong = (who: Principal, readers: Readers): boolean => readers === 'public' || readers.includes(who.user)

/** Returns whether `who` reads a channel of this kind; `listed` are the readers that its own entry, or its fund's, names. */
export const mayRead = (who: Principal, { readers }: ChannelKind, listed: Readers = []): boolean => {
  switch (readers) {
    case 'all':
      return true
    case 'own':
      return who.user !== ''
    case 'listed':
    case 'fund':
      return who.admin || isAmong(who, listed)
    default:
      return who.admin
  }
}

/** Returns the channel whose entry lists the readers of this one. */
const listedUnder = (name: ChannelName, kind: ChannelKind): string => `${kind.readers === 'fund' ? 'fund' : name.kind}:${name.id}`

/**
 * Makes the one function that is asked. `readers` says who reads a fund or portfolio, by channel name; `recorders` who puts rows into a
 * portfolio, beside operators.
 */
export const access =
  (readers: ReadonlyMap<string, Readers>, recorders: ReadonlyMap<string, Readers> = new Map()): Access =>
  (who, action) => {
    if ('act' in action) return action.act === 'all' || (action.act === 'client' ? who.user !== '' : who.admin)
    if ('operate' in action) return who.admin || (who.scopes?.includes(action.operate) ?? false)
    if ('record' in action)
      return who.admin || (who.scopes?.includes('portfolios') ?? false) || isAmong(who, recorders.get(action.record) ?? [])
    const name = parseChannel(action.read)
    if (name === undefined) return false
    const kind = kindOf(name.kind)
    return mayRead(who, kind, readers.get(listedUnder(name, kind)))
  }

/** Returns who reads what: as the configuration says, else everybody if only this machine can ask, else the owner. */
export const readersOf = ({ funds, portfolios }: Config, byDefault: Readers): Map<string, Readers> =>
  new Map([
    ...funds.map(({ id, read }) => [`fund:${id}`, read ?? byDefault] as const),
    ...portfolios.map(
      ({ id, read, owner }) => [`pnl:${id}`, read ?? (byDefault === 'public' || owner === undefined ? byDefault : [owner])] as const,
    ),
  ])

/** Returns who puts rows into which portfolio: its owner; if it has none, everybody, provided that only this machine can ask at all. */
export const recordersOf = ({ portfolios }: Config, onlyHere: boolean): Map<string, Readers> =>
  new Map(portfolios.map(({ id, owner }) => [id, owner !== undefined ? [owner] : onlyHere ? 'public' : []]))
