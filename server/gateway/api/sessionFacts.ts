import type { SessionFacts } from '../../../streams/wire/answers/server.ts'
import { SCOPES } from '../../../streams/wire/scopes.ts'
import type { Principal } from '../../identity/access.ts'
import type { Accounts } from '../../identity/accounts.ts'
import type { ChannelDirectory } from './channelDirectory.ts'

/** What sessions are described from. */
export interface SessionOptions {
  readonly accounts: Pick<Accounts, 'registration'>
  readonly directory: Pick<ChannelDirectory, 'readable'>
  readonly version: string
  readonly quote: () => string
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
      server: { name: 'driftwire', version, quote: quote() },
      now: now(),
      registration: accounts.registration,
      who: shownAs(who),
      reads: directory.readable(who),
    }
  }
}

const shownAs = ({ user, operator, admin, scopes = [], expires }: Principal): SessionFacts['who'] => {
  if (operator !== undefined) return { as: 'operator', name: operator, scopes: admin ? SCOPES : scopes }
  if (user === '') return { as: 'nobody' }
  return { as: 'client', name: user, ...(expires !== undefined && { expires }) }
}
