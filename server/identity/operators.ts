import { Subject } from 'rxjs'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { SCOPES, type Scope } from '../../streams/wire/scopes.ts'
import { UsageError } from '../config/options.ts'
import type { Principal } from './access.ts'
import { digestOf } from './digest.ts'

/** An operator's token as the configuration has it: the server knows its digest only. */
export interface OperatorToken {
  readonly name: string
  /** SHA-256 of the token, hexadecimal. */
  readonly digest: string
  readonly scopes: readonly Scope[]
  /** ms since the epoch: when it ends, if it does. */
  readonly expires?: number | undefined
}

/** Where it is kept that a token is revoked: what is marked there is marked for ever, and survives every start. */
export interface RevocationStore {
  /** Marks a digest. */
  use(digest: string): Promise<unknown>
  /** Resolves with those of these digests that are marked. */
  usedOf(digests: readonly string[]): Promise<readonly string[]>
}

/** An operator's token as others may see it. */
export interface OperatorFacts {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expires?: number
  readonly state: 'good' | 'expired' | 'revoked'
}

/** ms that setTimeout can wait; a longer timer would run at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Returns what is marked in the store if the token of this digest is revoked. It is the digest of nothing else. */
const markOf = (digest: string): string => digestOf(`revoked:${digest}`)

interface Known {
  readonly principal: Principal
  readonly expires: number
  revoked: boolean
}

/** The admin and the operators, known by the digests of their tokens. A token that expires or is revoked is nobody's from then on. */
export class Operators {
  /** The digest of each token, when it ends. */
  readonly ended$ = new Subject<{ readonly digest: string }>()
  private readonly store: RevocationStore
  private readonly byDigest = new Map<string, Known>()
  private readonly timers = new Map<string, NodeJS.Timeout>()

  private constructor(store: RevocationStore) {
    this.store = store
  }

  /** Opens with the tokens of the configuration. Rejects with a UsageError if two have the same digest or the same name. */
  static async open(admin: string, named: readonly OperatorToken[], store: RevocationStore): Promise<Operators> {
    const operators = new Operators(store)
    const digests = named.map(({ digest }) => digest.toLowerCase())
    const marked = new Set(await store.usedOf(digests.map(markOf)))
    const adminDigest = digestOf(admin)
    operators.add(adminDigest, { user: '', admin: true, scopes: SCOPES, operator: 'admin', token: adminDigest })
    named.forEach(({ name, scopes, expires }, i) => {
      const digest = digests[i]!
      const other = operators.byDigest.get(digest)?.principal.operator
      if (other) throw new UsageError(`tokens.${i}.digest: found that of "${other}", expected one of its own`)
      if (operators.named(name)) throw new UsageError(`tokens.${i}.name: found "${name}" again, expected a name of its own`)
      const principal = { user: '', admin: false, scopes, operator: name, token: digest, ...(expires !== undefined && { expires }) }
      operators.add(digest, principal, marked.has(markOf(digest)))
    })
    return operators
  }

  /** Returns whose token has this digest now; undefined if nobody's. */
  find(digest: string, now: number): Principal | undefined {
    const known = this.byDigest.get(digest)
    return known === undefined || known.revoked || known.expires <= now ? undefined : known.principal
  }

  /** Returns the named tokens, without what they are known by. */
  list(now: number): OperatorFacts[] {
    return [...this.byDigest.values()]
      .filter(({ principal }) => !principal.admin)
      .map(({ principal: { operator, scopes = [], expires }, revoked }) => ({
        name: operator!,
        scopes,
        ...(expires !== undefined && { expires }),
        state: revoked ? 'revoked' : expires !== undefined && expires <= now ? 'expired' : 'good',
      }))
  }

  /** Revokes the token of this name, for ever: the same token is never good again. Rejects with `not_found` if there is none. */
  async revoke(name: string): Promise<void> {
    const known = this.named(name)
    if (known === undefined || known.principal.admin) throw new ProtocolError('not_found', `there is no token "${name}"`)
    const digest = known.principal.token!
    const before = known.revoked
    // First: whatever the disk does, it is not good any more.
    known.revoked = true
    if (!before) this.ended$.next({ digest })
    await this.store.use(markOf(digest))
  }

  /** Stops: no token expires by itself any more, and no end is announced. */
  close(): void {
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.ended$.complete()
  }

  private named(name: string): Known | undefined {
    return [...this.byDigest.values()].find(({ principal }) => principal.operator === name)
  }

  private add(digest: string, principal: Principal, revoked = false): void {
    const expires = principal.expires ?? Number.POSITIVE_INFINITY
    this.byDigest.set(digest, { principal, expires, revoked })
    if (Number.isFinite(expires)) this.wake(digest, expires)
  }

  private wake(digest: string, expires: number): void {
    const wait = expires - Date.now()
    if (wait <= 0) {
      this.ended$.next({ digest })
      return
    }
    this.timers.set(digest, setTimeout(() => this.wake(digest, expires), Math.min(wait, LONGEST_TIMER_MS)).unref())
  }
}
