import { parseChannel } from '../../streams/wire/channels.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Config } from '../config/schema.ts'

/** Who stands behind a socket or a request. */
export interface Principal {
  /** '' where nobody has logged in. */
  readonly user: string
  readonly admin: boolean
  /** What an operator's token is good for. */
  readonly scopes?: readonly Scope[]
  /** Name of the operator's token; 'admin' for the admin's. */
  readonly operator?: string
  /** Digest of a login's token: what is bound to it ends with it. */
  readonly token?: string
  /** ms since the epoch: when that token ends. */
  readonly expires?: number
  /** Where the connection comes from. */
  readonly address?: string
}

export const SCOPES = ['deposits', 'funds', 'audit', 'portfolios', 'prices'] as const
export type Scope = (typeof SCOPES)[number]

export const ANONYMOUS: Principal = { user: '', admin: false }

/** What can be asked for: a channel to be read, rows to be put into a portfolio, something of an operator's, or a client's own business. */
export type Action = { readonly read: string } | { readonly record: string } | { readonly operate: Scope } | { readonly act: 'client' }

/** Throws a Refusal where `who` may not. */
export const authorize = (access: Access, who: Principal, action: Action): void => {
  if (!access(who, action)) throw new ProtocolError(who.user === '' && who.operator === undefined ? 'not_logged_in' : 'not_allowed')
}

/** The channel that `who` means: of the private ones there is one a client. */
export const channelFor = (who: Principal, channel: string): string =>
  (channel === 'orders' || channel === 'holdings') && who.user !== '' ? `${channel}@${who.user}` : channel

/** The client whose private channel it is. */
export const ownerOf = (channel: string): string | undefined => /^(?:orders|holdings)@(.+)$/.exec(channel)?.[1]

/** Everybody, or these users and the admin. */
export type Readers = 'public' | readonly string[]

/** The one function that every channel, command and route asks. */
export type Access = (who: Principal, action: Action) => boolean

/** `readers` says who reads a fund or portfolio, by channel name; `recorders` who puts rows into a portfolio, beside operators. */
export const access =
  (readers: ReadonlyMap<string, Readers>, recorders: ReadonlyMap<string, Readers> = new Map()): Access =>
  (who, action) => {
    if ('act' in action) return who.user !== ''
    if ('operate' in action) return who.admin || (who.scopes?.includes(action.operate) ?? false)
    if ('record' in action) {
      const allowed = recorders.get(action.record) ?? []
      return who.admin || (who.scopes?.includes('portfolios') ?? false) || allowed === 'public' || allowed.includes(who.user)
    }
    const may = (readers: Readers = []): boolean => who.admin || readers === 'public' || readers.includes(who.user)
    const allowed = readers.get(action.read)
    if (allowed !== undefined) return may(allowed)
    const channel = parseChannel(action.read)
    if (channel === undefined) return false
    if (channel.kind === 'orders' || channel.kind === 'holdings') return who.user !== ''
    if (channel.kind === 'rebalances') return may(readers.get(`fund:${channel.id}`))
    return (channel.kind !== 'pnl' && channel.kind !== 'fund') || may()
  }

/** Who reads what: as the configuration says, else everybody where only this machine can ask, else the owner. */
export const readersOf = ({ funds, portfolios }: Config, byDefault: Readers): Map<string, Readers> =>
  new Map([
    ...funds.map(({ id, read }) => [`fund:${id}`, read ?? byDefault] as const),
    ...portfolios.map(
      ({ id, read, owner }) => [`pnl:${id}`, read ?? (byDefault === 'public' || owner === undefined ? byDefault : [owner])] as const,
    ),
  ])

/** Who puts rows into which portfolio: its owner; where it has none, everybody, if only this machine can ask at all. */
export const recordersOf = ({ portfolios }: Config, onlyHere: boolean): Map<string, Readers> =>
  new Map(portfolios.map(({ id, owner }) => [id, owner !== undefined ? [owner] : onlyHere ? 'public' : []]))
