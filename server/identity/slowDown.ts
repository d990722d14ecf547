import { ProtocolError } from '../../streams/wire/errors.ts'

/** Failures in a row after which there is no wait yet. */
const FREE = 5
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000
const FORGOTTEN_AFTER_MS = 15 * 60_000

interface Guesser {
  readonly failures: number
  /** When it last failed, or began what may fail. */
  readonly at: number
  readonly until: number
}

/**
 * Slows down those who guess, by network (`networkOf`) and never by user name: nobody can lock another user out by guessing that user's
 * password. Times are ms of a clock that only goes forward.
 */
export class SlowDown {
  /** Since the start: failures, attempts that were refused, networks that were forgotten for lack of room. */
  failures = 0
  slowed = 0
  displaced = 0
  private readonly maxNetworks: number
  /** In the order of `at`. */
  private readonly guessers = new Map<string, Guesser>()

  constructor(maxNetworks = 100_000) {
    this.maxNetworks = maxNetworks
  }

  /** Networks that have failed and are not forgotten. */
  get networks(): number {
    return this.guessers.size
  }

  /** Throws the ProtocolError `rate_limited` if the network still has to wait. */
  check(network: string, now: number): void {
    this.forget(now)
    const until = this.guessers.get(network)?.until ?? now
    if (until <= now) return
    this.slowed += 1
    throw new ProtocolError('rate_limited', 'too many failures from this address: wait a moment', Math.ceil((until - now) / 1000))
  }

  /** Checks as `check` does, and counts the one attempt that a slowed network may make now, however many it sent at once. */
  begin(network: string, now: number): void {
    this.check(network, now)
    const guesser = this.guessers.get(network)
    if (guesser && guesser.failures >= FREE) this.put(network, guesser.failures, now)
  }

  /** Notes a failure. */
  failed(network: string, now: number): void {
    this.forget(now)
    this.failures += 1
    this.put(network, (this.guessers.get(network)?.failures ?? 0) + 1, now)
  }

  /** Forgets the failures of a network. */
  succeeded(network: string): void {
    this.guessers.delete(network)
  }

  private put(network: string, failures: number, at: number): void {
    const wait = failures < FREE ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - FREE))
    this.guessers.delete(network)
    this.guessers.set(network, { failures, at, until: at + wait })
    if (this.guessers.size <= this.maxNetworks) return
    const [oldest] = this.guessers.keys()
    this.guessers.delete(oldest!)
    this.displaced += 1
  }

  private forget(now: number): void {
    for (const [network, { at }] of this.guessers) {
      if (now - at < FORGOTTEN_AFTER_MS) return
      this.guessers.delete(network)
    }
  }
}
