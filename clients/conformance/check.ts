import type { Conversation } from './conversation.ts'
import { Skipped } from './mismatch.ts'

/** An answer by HTTP. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body, if it is JSON. */
  readonly json: unknown
}

/** The server under test. */
export interface Subject {
  /** `http://HOST:PORT` */
  readonly url: string
  /** Opens a socket. */
  open(): Promise<Conversation>
  /** Sends a request by HTTP. */
  http(path: string, init?: RequestInit): Promise<Answer>
  /** All channels that can be had. */
  readonly channels: readonly string[]
  /** A channel that changes, with the most pushes a second; `status` if none but that one does. */
  readonly moving: string
  /** Returns a client of its own for each check: a name and its password. Throws Skipped if nobody may register. */
  client(): Promise<{ readonly username: string; readonly password: string }>
}

/** A rule of the protocol, and how it is tried. */
export interface Check {
  /** A sentence that holds. */
  readonly name: string
  readonly over: 'websocket' | 'HTTP'
  /** Resolves if it holds. Throws a Mismatch if not, and Skipped if it cannot be tried here. */
  run(subject: Subject): Promise<void>
}

/** Returns the first channel of a kind. Throws Skipped if there is none. */
export const aChannel = ({ channels }: Subject, ...kinds: readonly string[]): string => {
  const found = kinds.flatMap(kind => channels.filter(name => name.startsWith(`${kind}:`)))[0]
  if (found === undefined) throw new Skipped(`there is no channel of the kind ${kinds.join(' or ')}`)
  return found
}

/** Returns the channel that changes. Throws Skipped if only `status` does, which has rules of its own. */
export const movingChannel = ({ moving }: Subject): string => {
  if (moving === 'status') throw new Skipped('no channel but status changes')
  return moving
}
