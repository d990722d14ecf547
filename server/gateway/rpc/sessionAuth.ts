import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Params } from '../../../streams/wire/requests.ts'
import { type Access, ANONYMOUS, ownerOf, type Principal } from '../../identity/access.ts'
import type { Accounts } from '../../identity/accounts.ts'
import type { Issued } from '../../identity/tokens.ts'
import type { Hub } from '../hub/hub.ts'
import type { Session } from '../hub/session.ts'

/** What the binding of sockets needs. */
export interface SessionAuthOptions {
  readonly hub: Hub
  readonly access: Access
  readonly accounts: Accounts
}

/** Binds sockets to those they speak for, and lets go what another may not follow. */
export class SessionAuth {
  private readonly options: SessionAuthOptions

  constructor(options: SessionAuthOptions) {
    this.options = options
  }

  /** Registers a client and binds the socket to it. Rejects with the ProtocolError of the accounts. */
  register(session: Session, { username, password, invite }: Params<'register'>): Promise<Issued> {
    return this.loggedIn(session, this.options.accounts.register(username, password, session.who.address ?? '', invite))
  }

  /** Logs a client in and binds the socket to it. Rejects with the ProtocolError of the accounts. */
  login(session: Session, { username, password }: Params<'login'>): Promise<Issued> {
    return this.loggedIn(session, this.options.accounts.login(username, password, session.who.address ?? ''))
  }

  /** Binds the socket to the one whose token this is. Throws `bad_credentials` if it is nobody's. */
  authenticate(session: Session, token: string): object {
    const known = this.options.accounts.authenticate(token)
    if (known === undefined) throw new ProtocolError('bad_credentials')
    this.bind(session, known)
    return { token, ...(known.expires !== undefined && { expires: known.expires }), user: known.user, admin: known.admin }
  }

  /** Unbinds the socket, and ends the token if there is one. */
  async logout(session: Session, token: string | undefined): Promise<object> {
    this.bind(session, ANONYMOUS)
    if (token !== undefined) await this.options.accounts.logout(token)
    return {}
  }

  /** Unbinds all sockets that are bound to a token, by its digest: it is not good any more. */
  ended(token: string): void {
    for (const session of this.options.hub.all) if (session.who.token === token) this.bind(session, ANONYMOUS)
  }

  private async loggedIn(session: Session, issuing: Promise<Issued>): Promise<Issued> {
    const issued = await issuing
    const who = this.options.accounts.authenticate(issued.token)
    if (who) this.bind(session, who)
    return issued
  }

  /** The socket speaks for `who` from now on, and stops following what is another's own. */
  private bind(session: Session, who: Principal): void {
    const { hub, access } = this.options
    const { address } = session.who
    session.who = address === undefined ? who : { ...who, address }
    for (const channel of [...session.follows.keys()]) {
      const owner = ownerOf(channel)
      const readable = owner === undefined ? access(session.who, { read: channel }) : owner === who.user
      if (!readable) hub.unfollow(session, channel)
    }
  }
}
