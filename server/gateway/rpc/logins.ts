import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Params } from '../../../streams/wire/requests.ts'
import { ANONYMOUS, type Principal } from '../../identity/access.ts'
import type { Accounts } from '../../identity/accounts.ts'
import type { Issued } from '../../identity/tokens.ts'
import { SpeaksFor } from './speaksFor.ts'

/** Finds out for whom a socket speaks, by passwords and tokens. Each answer says it. */
export class Logins {
  private readonly accounts: Accounts

  constructor(accounts: Accounts) {
    this.accounts = accounts
  }

  /** Registers a client and logs it in. Rejects with the ProtocolError of the accounts. */
  register({ address }: Principal, { username, password, invite }: Params<'register'>): Promise<unknown> {
    return this.loggedIn(this.accounts.register(username, password, address ?? '', invite))
  }

  /** Logs a client in. Rejects with the ProtocolError of the accounts. */
  login({ address }: Principal, { username, password }: Params<'login'>): Promise<unknown> {
    return this.loggedIn(this.accounts.login(username, password, address ?? ''))
  }

  /** Finds whose token this is. Throws `bad_credentials` if it is nobody's. */
  authenticate(token: string): SpeaksFor {
    const known = this.accounts.authenticate(token)
    if (known === undefined) throw new ProtocolError('bad_credentials')
    const { expires, user, admin } = known
    return new SpeaksFor(known, { token, ...(expires !== undefined && { expires }), user, admin })
  }

  /** Lets the socket speak for nobody, and ends the token if there is one. */
  logout(token: string | undefined): SpeaksFor {
    const ended = token === undefined ? Promise.resolve() : this.accounts.logout(token)
    return new SpeaksFor(
      ANONYMOUS,
      ended.then(() => ({})),
    )
  }

  private async loggedIn(issuing: Promise<Issued>): Promise<unknown> {
    const issued = await issuing
    const who = this.accounts.authenticate(issued.token)
    return who === undefined ? issued : new SpeaksFor(who, issued)
  }
}
