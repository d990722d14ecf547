import { randomBytes } from 'node:crypto'
import { hash, type Options, verify } from '@node-rs/argon2'
import { HashQueue } from './hashQueue.ts'

/**
 * Argon2id (2) of version 0x13 (1) with 19 MiB, two passes and one lane: what OWASP's Password Storage Cheat Sheet recommends as
 * the least, https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
const PARAMETERS = { algorithm: 2, version: 1, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1, outputLen: 32 } satisfies Options
const SALT_BYTES = 16

const random = (bytes: number): string => randomBytes(bytes).toString('base64').replaceAll('=', '')

/** A hash of no password, with a random digest: it costs as much to verify against as any other. */
const NOBODYS = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$${random(SALT_BYTES)}$${random(PARAMETERS.outputLen)}`

/** The turn of one hash. */
export interface Turn {
  /** As `networkOf` gives it. */
  readonly network: string
  /** Is called when the turn has come, before anything is computed; if it throws, the hash is called off. */
  readonly begin?: () => void
  /** Is called with the verdict while it is still this turn, so that the next one begins with it known. */
  readonly judged?: (right: boolean) => void
}

/**
 * Computes hashes of passwords beside the event loop in libuv's threads, and leaves some of these to files and names. Rejects with the
 * ProtocolError `too_much` if too many wait.
 */
export class Passwords {
  /** Hashes ever begun. */
  computed = 0
  private readonly queue: HashQueue

  constructor(limits: { readonly running: number; readonly waiting: number } = { running: 2, waiting: 64 }) {
    this.queue = new HashQueue(limits)
  }

  get running(): number {
    return this.queue.running
  }

  get waiting(): number {
    return this.queue.waiting
  }

  get refused(): number {
    return this.queue.refused
  }

  /** Returns the hash in the PHC string format, parameters and salt included. */
  hash(password: string, turn: Turn): Promise<string> {
    return this.compute(turn, () => hash(password, PARAMETERS))
  }

  /** Returns whether the password is the one of the hash. Without a hash, because there is no such user, it takes as long and is false. */
  verify(password: string, known: string | undefined, turn: Turn): Promise<boolean> {
    return this.compute(turn, async () => {
      const right = (await verify(known ?? NOBODYS, password)) && known !== undefined
      turn.judged?.(right)
      return right
    })
  }

  private compute<T>({ network, begin }: Turn, work: () => Promise<T>): Promise<T> {
    return this.queue.run(network, async () => {
      begin?.()
      this.computed += 1
      return work()
    })
  }
}
