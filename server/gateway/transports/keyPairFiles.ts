import { X509Certificate } from 'node:crypto'
import type { Logger } from 'pino'
import { logError } from '../../lib/errorEvents.ts'
import { type KeyPair, readKeyPair } from '../../lib/keyPair.ts'

/** The names of two PEM files. */
export interface KeyPairNames {
  readonly cert: string
  readonly key: string
}

/** How often the files are looked at, ms. */
const CHECK_MS = 10_000

/** Figures of a key pair in `status`. */
export interface KeyPairFigures {
  /** When the certificate ends, ms since the epoch. */
  readonly expires: number
  /** Since the start: pairs that took the place of another, and attempts at one that failed. */
  readonly renewed: number
  readonly failed: number
}

/** A key pair as a transport begins with it. */
export interface WatchedPair {
  readonly names: KeyPairNames
  readonly pair: KeyPair
  /** Begins to watch the files. `renew` is called with each new pair. */
  watch(renew: (pair: KeyPair) => Promise<void> | undefined): KeyPairFiles
}

/**
 * A certificate and its key in files that may be replaced while the server runs: looked at every ten seconds, and on demand. A new pair counts for new
 * connections, and those that are open stay as they are. What is no pair, such as one new file beside an old one, changes nothing.
 */
export class KeyPairFiles {
  private pair: KeyPair
  private readonly names: KeyPairNames
  private readonly renew: (pair: KeyPair) => Promise<void> | undefined
  private readonly log: Logger
  private readonly timer: NodeJS.Timeout
  private readonly counts = { renewed: 0, failed: 0 }
  /** The fault that was logged last, so that it is not logged every ten seconds. */
  private fault = ''

  /** `renew` is called with each new pair; if it throws, the pair is tried again. */
  constructor(
    names: KeyPairNames,
    pair: KeyPair,
    renew: (pair: KeyPair) => Promise<void> | undefined,
    log: Logger,
    checkMs: number = CHECK_MS,
  ) {
    this.names = names
    this.pair = pair
    this.renew = renew
    this.log = log
    this.timer = setInterval(() => this.check(), checkMs).unref()
  }

  /** Reads the files, and puts the pair in them in the place of the old one, if it is another. */
  check(): void {
    try {
      const pair = readKeyPair(this.names)
      if (pair.cert.equals(this.pair.cert) && pair.key.equals(this.pair.key)) return
      this.renew(pair)?.catch(error => this.failed(error as Error))
      this.pair = pair
      this.counts.renewed += 1
      this.fault = ''
      this.log.info({ expires: new Date(this.figures.expires).toISOString() }, 'the certificate and its key are renewed')
    } catch (error) {
      this.failed(error as Error)
    }
  }

  /** Figures for `status`. */
  get figures(): KeyPairFigures {
    return { expires: Date.parse(new X509Certificate(this.pair.cert).validTo), ...this.counts }
  }

  private failed({ message }: Error): void {
    if (message === this.fault) return
    this.fault = message
    this.counts.failed += 1
    logError(this.log, 'key_pair_refused', { error: message })
  }

  /** Looks at the files no more. */
  close(): void {
    clearInterval(this.timer)
  }
}
