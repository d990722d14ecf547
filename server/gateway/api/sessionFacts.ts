import { SCOPES, type Scope } from '../../config/scopes.ts'
import type { Principal } from '../../identity/access.ts'
import type { Accounts } from '../../identity/accounts.ts'
import type { ChannelDirectory, Readable } from './channelDirectory.ts'

/** Whom the server takes a connection or a request for. */
export type SessionWho =
  | { readonly as: 'nobody' }
  | { readonly as: 'client'; readonly name: string; readonly expires?: number }
  | { readonly as: 'operator'; readonly name: string; readonly scopes: readonly Scope[] }

/** What everybody may know of the server, and what it knows of the one who asks. */
export interface SessionFacts {
  readonly server: { readonly name: string; readonly version: string; readonly quote: string }
  /** The server's time, ms. */
  readonly now: number
  /** Who may register. */
  readonly registration: 'open' | 'invite' | 'closed'
  readonly who: SessionWho
  /** How many of each the one who asks may read. */
  readonly reads: Readable
}

/** What sessions are described from. */
export interface SessionOptions {
  readonly accounts: Pick<Accounts, 'registration'>
  readonly directory: Pick<ChannelDirectory, 'readable'>
  readonly version: string
  readonly quote: string
  readonly now: () => number
}

/** Tells a page or a program, before it signs in, what it can see and how it can sign in. */
export class Sessions {
  private readonly options: SessionOptions

  constructor(options: SessionOptions) {
    this.options = options
  }

  /** Returns the facts for `who`. */
  factsFor(who: Principal): SessionFacts {
    const { accounts, directory, version, quote, now } = this.options
    return {
      server: { name: 'driftwire', version, quote },
      now: now(),
      registration: accounts.registration,
      who: shownAs(who),
      reads: directory.readable(who),
    }
  }
}

const shownAs = ({ user, operator, admin, scopes = [], expires }: Principal): SessionWho => {
  if (operator !== undefined) return { as: 'operator', name: operator, scopes: admin ? SCOPES : scopes }
  if (user === '') return { as: 'nobody' }
  return { as: 'client', name: user, ...(expires !== undefined && { expires }) }
}
