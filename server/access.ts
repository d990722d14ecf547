import { parseChannel } from '../streams/protocol.ts'

/** Who stands behind a socket or a request. */
export interface Visitor {
  /** '' where nobody has logged in. */
  readonly user: string
  readonly admin: boolean
}

export const NOBODY: Visitor = { user: '', admin: false }
export const ADMIN: Visitor = { user: '', admin: true }

/** What can be asked for: a channel to be read, or something to be done. */
export type Action = { readonly read: string } | { readonly act: 'administer' }

/** Everybody, or these users and the admin. */
export type Readers = 'public' | readonly string[]

/** The one function that every channel, command and route asks. */
export type Access = (who: Visitor, action: Action) => boolean

/** `readers` says who reads a fund or portfolio, by channel name. */
export const access =
  (readers: ReadonlyMap<string, Readers>): Access =>
  (who, action) => {
    if (who.admin) return true
    if ('act' in action) return false
    const channel = parseChannel(action.read)
    if (channel === undefined) return false
    switch (channel.kind) {
      case 'pnl':
      case 'fund':
      case 'rebalances': {
        const name = channel.kind === 'rebalances' ? `fund:${channel.id}` : action.read
        const allowed = readers.get(name) ?? []
        return allowed === 'public' || allowed.includes(who.user)
      }
      case 'orders':
      case 'holdings':
        return who.user !== ''
      default:
        return true
    }
  }
