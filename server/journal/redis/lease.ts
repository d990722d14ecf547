import type { RedisClient } from '../../redis/connection.ts'
import { readHead, type StreamHead } from './head.ts'
import { KEYS, RELEASE, RENEW, TAKE } from './scripts.ts'

/** Time from the last renewal of a lease until it runs out, ms. */
const LEASE_MS = 1_500
/** ms from one renewal to the next. */
export const RENEW_MS = 400
/** A leader answers nobody if its last renewal began longer ago than this, ms: nobody else can lead before. */
export const SURE_MS = LEASE_MS - 300
/** A lease that has run out is taken only if it is still free after this time, ms: if Redis stood still, its leader takes it again. */
const OVER_MS = 300
/** The same if Redis was away not long ago: all have to connect again, and the one who led is to be the first. */
const OVER_AFTER_LOSS_MS = 900
/** ms after a loss of the connection that count as not long ago. */
const LOSS_MS = 5_000

/** A lease that was taken. */
export interface Taken {
  readonly term: number
  /** The head before the lease moved it. */
  readonly before: StreamHead
}

/** One core's way to the lease of the ledger: the core that holds it leads. */
export class Lease {
  private readonly client: RedisClient
  /** Names this core; no other has the name, and no later run of this one. */
  private readonly holder: string
  private overSince: number | undefined
  private lostAt = Number.NEGATIVE_INFINITY
  private held: string | undefined

  constructor(client: RedisClient, holder: string) {
    this.client = client
    this.holder = holder
    client.on('close', () => {
      this.lostAt = performance.now()
    })
  }

  /**
   * Takes the lease if nobody holds it. `genesis` is the head of a ledger that may be begun; '' if none may. Resolves with undefined if the lease
   * is held or may come back to its holder. Rejects if Redis does not answer, or has no ledger.
   */
  async take(genesis: string): Promise<Taken | undefined> {
    const now = performance.now()
    const wait = now - this.lostAt < LOSS_MS ? OVER_AFTER_LOSS_MS : OVER_MS
    const mayTakeOver = this.overSince !== undefined && now - this.overSince >= wait
    const args = [this.holder, LEASE_MS, genesis, mayTakeOver ? 1 : 0]
    const [how, head] = (await this.client.eval(TAKE, 3, KEYS.head, KEYS.journal, KEYS.lease, ...args)) as [string, string]
    if (how === 'over') this.overSince ??= now
    else this.overSince = undefined
    if (how === 'held' || how === 'over') return undefined
    const before = readHead(head)
    if (before === undefined) throw new RangeError(how === 'nothing' ? 'found no ledger in Redis' : `found "${head}" as the ledger's head`)
    const term = Number(how)
    this.held = `${term} ${this.holder}`
    return { term, before }
  }

  /** Renews the lease. Resolves with whether this core still leads; rejects if Redis does not answer. */
  async renew(): Promise<boolean> {
    if (this.held === undefined) return false
    return (await this.client.eval(RENEW, 2, KEYS.head, KEYS.lease, this.held, LEASE_MS)) === 1
  }

  /** Gives the lease up, if this core holds it. */
  async release(): Promise<void> {
    if (this.held === undefined) return
    const { held } = this
    this.held = undefined
    await this.client.eval(RELEASE, 1, KEYS.lease, held)
  }
}
