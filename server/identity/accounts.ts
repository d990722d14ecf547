import { NAME } from '../../streams/lib/names.ts'
import { type ErrorCode, ProtocolError } from '../../streams/wire/errors.ts'
import type { Figures } from '../lib/figures.ts'
import type { Principal } from './access.ts'
import { digestOf } from './digest.ts'
import { passwordFault, RESERVED_NAMES, usernameFault } from './nameRules.ts'
import { networkOf } from './network.ts'
import type { OperatorFacts, Operators } from './operators.ts'
import type { Passwords } from './passwords.ts'
import type { SlowDown } from './slowDown.ts'
import type { Issued, Tokens } from './tokens.ts'

/** The registered users. */
export interface UserStore {
  /** Resolves with the hash of a user's password; undefined if there is no such user. */
  hashOf(user: string): Promise<string | undefined>
  /** Resolves with false if the name is taken. Of several calls at once for one name, one resolves with true. */
  register(user: string, hash: string): Promise<boolean>
}

/** Which invitations are used. */
export interface InviteStore {
  /** Resolves with false if the invitation was used before. Of several calls at once for one invitation, one resolves with true. */
  use(digest: string): Promise<boolean>
  /** Resolves with those of these invitations that are used. */
  usedOf(digests: readonly string[]): Promise<readonly string[]>
  /** Makes an invitation good again that was used in vain. */
  giveBack(digest: string): Promise<void>
}

/** Who may register: everybody, nobody, or the holders of invitations with these digests (SHA-256, hexadecimal, lower case). */
export type Registration =
  | { readonly mode: 'open' | 'closed' }
  | { readonly mode: 'invite'; readonly digests: ReadonlySet<string>; readonly invites: InviteStore }

/** What accounts rest on. */
export interface AccountsOptions {
  readonly users: UserStore
  readonly tokens: Tokens
  readonly passwords: Passwords
  readonly slowDown: SlowDown
  readonly registration: Registration
  readonly operators: Pick<Operators, 'find' | 'list' | 'revoke'>
}

/**
 * Knows who a client is. Addresses are the client's own, not a proxy's: by them alone guessing is slowed down.
 *
 * Rejects with ProtocolErrors, which never contain a password, a token or an invitation. Of a registration: `invalid_params`, `not_allowed`,
 * `name_taken`; of a login: `bad_credentials`, whether the name or the password is wrong; of both: `rate_limited` and `too_much`.
 */
export class Accounts {
  /** Errors by code. */
  readonly refused: Partial<Record<ErrorCode, number>> = {}
  /** Times that a token came which nobody was given, or which has ended. */
  unknownTokens = 0
  private readonly options: AccountsOptions

  constructor(options: AccountsOptions) {
    this.options = options
  }

  /** Who may register. */
  get registration(): Registration['mode'] {
    return this.options.registration.mode
  }

  /** Returns the digests of the invitations that there are, and whether each is used; none if registration needs none. */
  async invitations(): Promise<{ readonly digest: string; readonly used: boolean }[]> {
    const { registration } = this.options
    if (registration.mode !== 'invite') return []
    const digests = [...registration.digests]
    const used = new Set(await registration.invites.usedOf(digests))
    return digests.map(digest => ({ digest, used: used.has(digest) }))
  }

  /** Registers a client and logs it in. `invite` is the invitation, if registration needs one; it stays good if the name turns out to be taken. */
  async register(username: string, password: string, address: string, invite?: string): Promise<Issued> {
    return this.counted(async () => {
      const { users, passwords, tokens } = this.options
      const network = networkOf(address)
      const invitation = this.admit(network, invite)
      const fault = usernameFault(username) ?? passwordFault(password)
      if (fault !== undefined) throw new ProtocolError('invalid_params', fault)
      if (RESERVED_NAMES.has(username) || (await users.hashOf(username)) !== undefined) throw new ProtocolError('name_taken')
      const hash = await passwords.hash(password, { network })
      // Only now, because checks that cost nothing can be tried again; and not given back if the store failed, for it may have registered.
      if (invitation && !(await invitation.invites.use(invitation.digest))) throw new ProtocolError('not_allowed', NOT_INVITED)
      if (!(await users.register(username, hash))) {
        await invitation?.invites.giveBack(invitation.digest)
        throw new ProtocolError('name_taken')
      }
      return tokens.issue(username, Date.now())
    })
  }

  /** Issues a token to a client that proves its password. */
  async login(username: string, password: string, address: string): Promise<Issued> {
    return this.counted(async () => {
      await this.prove(username, password, address)
      return this.options.tokens.issue(username, Date.now())
    })
  }

  /** Returns the client of a request that has name and password in itself. */
  async check(username: string, password: string, address: string): Promise<Principal> {
    return this.counted(async () => {
      await this.prove(username, password, address)
      return { user: username, admin: false, scopes: [] }
    })
  }

  /** Returns whose token this is now; undefined if nobody's. */
  authenticate(token: string): Principal | undefined {
    const known = this.known(digestOf(token))
    if (known === undefined) this.unknownTokens += 1
    return known
  }

  /** Returns whose token has this digest now; undefined if nobody's. */
  known(digest: string): Principal | undefined {
    const now = Date.now()
    const operator = this.options.operators.find(digest, now)
    if (operator) return operator
    const login = this.options.tokens.get(digest, now)
    return login && { user: login.user, admin: false, scopes: [], token: login.digest, expires: login.expires }
  }

  /** Returns the operators' tokens, without what they are known by. */
  operatorTokens(): OperatorFacts[] {
    return this.options.operators.list(Date.now())
  }

  /** Revokes an operator's token for ever. Rejects with `not_found` if there is none of this name. */
  revokeOperator(name: string): Promise<void> {
    return this.options.operators.revoke(name)
  }

  /** Ends a token of a login. One that has ended, or never was, is no error. */
  logout(token: string): Promise<void> {
    return this.options.tokens.revoke(token)
  }

  /** Figures for `status` and `/metrics`. */
  get figures(): Figures {
    const { tokens, passwords, slowDown } = this.options
    const { running, waiting, computed, refused } = passwords
    return {
      hashes: { running, waiting, computed, refused },
      failures: slowDown.failures,
      slowed: slowDown.slowed,
      networks: slowDown.networks,
      networksDisplaced: slowDown.displaced,
      refused: { ...this.refused },
      unknownTokens: this.unknownTokens,
      tokens: tokens.living,
      tokensEnded: { ...tokens.ended },
      tokensUnremoved: tokens.unremoved,
      tokenStoreFailures: tokens.storeFailures,
    }
  }

  /** Returns the invitation to be used up, if one is needed. To try invitations is to guess. */
  private admit(network: string, invite: string | undefined): { readonly digest: string; readonly invites: InviteStore } | undefined {
    const { registration, slowDown } = this.options
    switch (registration.mode) {
      case 'open':
        return undefined
      case 'closed':
        throw new ProtocolError('not_allowed', 'registration is closed')
      case 'invite': {
        if (invite === undefined) throw new ProtocolError('not_allowed', NOT_INVITED)
        const now = performance.now()
        slowDown.check(network, now)
        const digest = digestOf(invite)
        if (registration.digests.has(digest)) return { digest, invites: registration.invites }
        slowDown.failed(network, now)
        throw new ProtocolError('not_allowed', NOT_INVITED)
      }
    }
  }

  private async prove(username: string, password: string, address: string): Promise<void> {
    const { users, passwords, slowDown } = this.options
    const network = networkOf(address)
    slowDown.check(network, performance.now())
    // Checked again when its turn has come: many attempts may have been sent at once.
    const begin = (): void => slowDown.begin(network, performance.now())
    const judged = (right: boolean): void => {
      if (right) slowDown.succeeded(network)
      else slowDown.failed(network, performance.now())
    }
    let right = false
    if (passwordFault(password) === undefined) {
      const hash = NAME.test(username) ? await users.hashOf(username) : undefined
      right = await passwords.verify(password, hash, { network, begin, judged })
    } else {
      // No user has such a password: that this takes no time says nothing about the name.
      begin()
      judged(false)
    }
    if (!right) throw new ProtocolError('bad_credentials', 'the name or the password is wrong')
  }

  private async counted<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ProtocolError) this.refused[error.code] = (this.refused[error.code] ?? 0) + 1
      throw error
    }
  }
}

const NOT_INVITED = 'registration needs an invitation that has not been used'
