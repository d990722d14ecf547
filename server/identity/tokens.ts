import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { Subject } from 'rxjs'
import type { StoredToken } from './credentialStore.ts'
import { digestOf } from './digest.ts'

const BYTES = 32
const TOKENS_PER_USER_MAX = 100
/** ms that setTimeout can wait; a longer timer would run at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** What keeps tokens for the next start. */
export interface TokenStore {
  /** Resolves with all that it keeps. */
  load(): Promise<StoredToken[]>
  /** Keeps a token. */
  put(token: StoredToken): Promise<void>
  /** Removes tokens; those that are not there do no harm. */
  remove(digests: readonly string[]): Promise<void>
}

/** A token for its client: nobody else ever sees it. */
export interface Issued {
  readonly token: string
  /** ms since the epoch. */
  readonly expires: number
}

/** A token that has ended: by time, by a logout, or because its user has too many newer ones. */
export interface Ended {
  readonly digest: string
  readonly user: string
  readonly why: 'expired' | 'revoked' | 'displaced'
}

/** The tokens of logins. Memory decides which are good; the store keeps them for the next start. */
export class Tokens {
  /** The end of each token, when it ends. */
  readonly ended$ = new Subject<Ended>()
  /** Since the start: tokens that ended, by reason; removals that failed in the store. */
  readonly ended: Record<Ended['why'], number> = { expired: 0, revoked: 0, displaced: 0 }
  storeFailures = 0
  private readonly store: TokenStore
  private readonly lifeMs: number
  private readonly log: Logger
  /** By digest, in the order in which they expire, for they all live as long; if the clock was set back, some expire late. */
  private readonly tokens = new Map<string, StoredToken>()
  /** Digests by user, the oldest first; no set is empty. */
  private readonly byUser = new Map<string, Set<string>>()
  /** Digests of ended tokens that may still be in the store. */
  private readonly leftovers = new Set<string>()
  private timer: NodeJS.Timeout | undefined

  private constructor(store: TokenStore, lifeMs: number, log: Logger) {
    this.store = store
    this.lifeMs = lifeMs
    this.log = log
  }

  /** Opens with what the store has kept. A token lives no longer than `lifeMs` from now, even if it was given under another setting. */
  static async open(store: TokenStore, lifeMs: number, log: Logger): Promise<Tokens> {
    const tokens = new Tokens(store, lifeMs, log)
    const now = Date.now()
    const kept = await store.load()
    for (const token of kept.sort((a, b) => a.expires - b.expires)) {
      if (token.expires <= now) tokens.leftovers.add(token.digest)
      else tokens.add({ ...token, expires: Math.min(token.expires, now + lifeMs) })
    }
    tokens.wake()
    await tokens.tidy()
    return tokens
  }

  /** Tokens that are good. */
  get living(): number {
    return this.tokens.size
  }

  /** Ended tokens that the store may still hold. */
  get unremoved(): number {
    return this.leftovers.size
  }

  /** Issues a token. If the store does not take it, there is no token, and it rejects. */
  async issue(user: string, now: number): Promise<Issued> {
    const token = randomBytes(BYTES).toString('base64url')
    const stored = { digest: digestOf(token), user, expires: now + this.lifeMs }
    // Before the store has it: it counts among its user's tokens meanwhile.
    this.add(stored)
    this.wake()
    try {
      await this.store.put(stored)
    } catch (error) {
      // The store may have taken it nevertheless.
      this.end(stored.digest, 'revoked')
      void this.tidy()
      throw error
    }
    // It has ended meanwhile: its removal may have come before it was there.
    if (!this.tokens.has(stored.digest)) this.leftovers.add(stored.digest)
    void this.tidy()
    return { token, expires: stored.expires }
  }

  /** Returns the token if it is good. */
  find(token: string, now: number): StoredToken | undefined {
    return this.get(digestOf(token), now)
  }

  /** Returns the token of this digest if it is good. */
  get(digest: string, now: number): StoredToken | undefined {
    const stored = this.tokens.get(digest)
    return stored !== undefined && stored.expires > now ? stored : undefined
  }

  /**
   * Ends a token at once. Rejects if the store could not remove it, so that after a new start it might be good again: then it can be
   * revoked again, and the store is also tried whenever another token ends.
   */
  async revoke(token: string): Promise<void> {
    const digest = digestOf(token)
    if (!this.end(digest, 'revoked') && !this.leftovers.has(digest)) return
    await this.clear()
  }

  /** Stops: no token expires by itself any more, and no end is announced. */
  close(): void {
    clearTimeout(this.timer)
    this.ended$.complete()
  }

  private add(token: StoredToken): void {
    this.tokens.set(token.digest, token)
    let own = this.byUser.get(token.user)
    if (own === undefined) {
      own = new Set()
      this.byUser.set(token.user, own)
    }
    own.add(token.digest)
    if (own.size > TOKENS_PER_USER_MAX) {
      const [oldest] = own
      this.end(oldest!, 'displaced')
    }
  }

  private end(digest: string, why: Ended['why']): boolean {
    const token = this.tokens.get(digest)
    if (token === undefined) return false
    this.tokens.delete(digest)
    const own = this.byUser.get(token.user)!
    own.delete(digest)
    if (own.size === 0) this.byUser.delete(token.user)
    this.leftovers.add(digest)
    this.ended[why] += 1
    this.ended$.next({ digest, user: token.user, why })
    return true
  }

  /** Sets the timer for the token that expires next. */
  private wake(): void {
    clearTimeout(this.timer)
    const [next] = this.tokens.values()
    if (next === undefined) return
    this.timer = setTimeout(
      () => {
        this.expire(Date.now())
        this.wake()
        void this.tidy()
      },
      Math.min(LONGEST_TIMER_MS, Math.max(0, next.expires - Date.now())),
    )
    this.timer.unref()
  }

  private expire(now: number): void {
    for (const { digest, expires } of this.tokens.values()) {
      if (expires > now) return
      this.end(digest, 'expired')
    }
  }

  /** Removes from the store what has ended. */
  private async clear(): Promise<void> {
    if (this.leftovers.size === 0) return
    const digests = [...this.leftovers]
    try {
      await this.store.remove(digests)
    } catch (error) {
      this.storeFailures += 1
      // Another removal may have succeeded meanwhile, but before some of these were there.
      for (const digest of digests) this.leftovers.add(digest)
      throw error
    }
    for (const digest of digests) this.leftovers.delete(digest)
  }

  /** Clears when nobody waits for it. */
  private async tidy(): Promise<void> {
    try {
      await this.clear()
    } catch (error) {
      this.log.warn({ err: error, tokens: this.leftovers.size }, 'ended tokens could not be removed from the store')
    }
  }
}
