import { type Access, ANONYMOUS, ownerOf, type Principal } from '../../identity/access.ts'
import type { Hub } from '../hub/hub.ts'
import type { Session } from '../hub/session.ts'

/** What the binding of sockets needs. */
export interface SessionAuthOptions {
  readonly hub: Pick<Hub, 'all' | 'unfollow'>
  readonly access: Access
}

/** Binds sockets to those they speak for, and lets go what another may not follow. */
export class SessionAuth {
  private readonly options: SessionAuthOptions

  constructor(options: SessionAuthOptions) {
    this.options = options
  }

  /** Unbinds all sockets that are bound to a token, by its digest: it is not good any more. */
  ended(token: string): void {
    for (const session of this.options.hub.all) if (session.who.token === token) this.bind(session, ANONYMOUS)
  }

  /** The socket speaks for `who` from now on, and stops following what is another's own. */
  bind(session: Session, who: Principal): void {
    const { hub, access } = this.options
    const { address, connection } = session.who
    session.who = { ...who, ...(address !== undefined && { address }), ...(connection !== undefined && { connection }) }
    for (const channel of [...session.follows.keys()]) {
      const owner = ownerOf(channel)
      const readable = owner === undefined ? access(session.who, { read: channel }) : owner === who.user
      if (!readable) hub.unfollow(session, channel)
    }
  }
}
