import { randomBytes } from 'node:crypto'
import { hash, type Options, verify } from '@node-rs/argon2'
import { HashQueue } from './hashQueue.ts'

/**
 * Argon2id (2) of version 0x13 (1) with 19 MiB, two passes and one lane: what OWASP's Password Storage Cheat Sheet recommends at
 * least, https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
const PARAMETERS = { algorithm: 2, version: 1, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1, outputLen: 32 } satisfies Options
const SALT_BYTES = 16

const random = (bytes: number): string => randomBytes(bytes).toString('base64').replaceAll('=', '')

/** Looks like any hash and costs the same to verify against, but is of no password: its digest is by chance. */
const NOBODYS = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$${random(SALT_BYTES)}$${random(PARAMETERS.outputLen)}`

/** Whose turn a hash is. */
export interface Turn {
  /** As `networkOf` gives it. */
  readonly network: string
  /** Called when the turn has come, before anything is computed; what it throws calls the hash off. */
  readonly begin?: () => void
  /** Called with the verdict while it is still this turn: whoever is next begins in the knowledge of it. */
  readonly judged?: (right: boolean) => void
}

/**
 * Hashes of passwords, computed beside the event loop in libuv's threads, of which they leave some to files and names. Rejects with
 * a Refusal `too_much` where too many wait.
 */
export class Passwords {
  /** Hashes ever begun. */
  computed = 0
  private readonly turns: HashQueue

  constructor(limits: { readonly running: number; readonly waiting: number } = { running: 2, waiting: 64 }) {
    this.turns = new HashQueue(limits)
  }

  get running(): number {
    return this.turns.running
  }

  get waiting(): number {
    return this.turns.waiting
  }

  get refused(): number {
    return this.turns.refused
  }

  /** In the PHC string format, parameters and salt included. */
  hash(password: string, turn: Turn): Promise<string> {
    return this.compute(turn, () => hash(password, PARAMETERS))
  }

  /** Without a hash, because nobody is called so, it takes as long and is false. */
  verify(password: string, known: string | undefined, turn: Turn): Promise<boolean> {
    return this.compute(turn, async () => {
      const right = (await verify(known ?? NOBODYS, password)) && known !== undefined
      turn.judged?.(right)
      return right
    })
  }

  private compute<T>({ network, begin }: Turn, work: () => Promise<T>): Promise<T> {
    return this.turns.run(network, async () => {
      begin?.()
      this.computed += 1
      return work()
    })
  }
}
