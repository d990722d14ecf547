import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { Naming } from './instruments.ts'

/** One market of an exchange: its addresses, the messages to send, and how to read its answers. */
export interface Venue {
  /** The `source` of its ticks. */
  readonly name: string
  /** All its instruments are perpetuals. */
  readonly perpetual: boolean
  /** The form of its symbols, and one of them. */
  readonly symbols: { readonly form: RegExp; readonly like: string; readonly inCapitals: boolean }
  readonly heartbeat: Heartbeat
  /** The sockets that carry trades and best quotes of these instruments, named as the venue names them, and the order books of some. */
  sockets(symbols: readonly string[], books: ReadonlySet<string>): SocketPlan[]
  /** Returns a new decoder for a connection: it holds order books and sequence numbers. */
  decoder(naming: Naming): Decoder
  readonly fingerprint: RecordingFingerprint
}

/** A socket to open. */
export interface SocketPlan {
  readonly url: string
  /** Sent once the socket is open, one by one. */
  readonly subscribeMessages: readonly string[]
}

/** Keeps a quiet connection alive, and shows that it is: `text`, or a ping of the protocol if there is none. */
export interface Heartbeat {
  readonly everyMs: number
  readonly text?: string
}

/** Reads the messages of one connection. */
export interface Decoder {
  /** Writes the message's ticks. Returns the venue's words if it complains. Throws nothing, whatever comes. */
  decode(text: string, writer: TickWriter): string | undefined
  /** A book has a hole that only a new connection mends. */
  readonly lost: boolean
}

/** Recognises the venue in a recording. */
export interface RecordingFingerprint {
  /** Returns whether the address is one of the venue's. */
  at(address: URL): boolean
  /** Returns whether a parsed message is one that only this venue sends. */
  matches(message: unknown): boolean
}

/**
 * Reads JSON for a decoder whose types are those that its venue documents. A message of another form ends in a syntax error, or in a
 * type error when it is used, and is counted as unreadable.
 */
export const readJson = <Message>(text: string, writer: TickWriter, read: (message: Message) => string | undefined): string | undefined => {
  try {
    return read(JSON.parse(text))
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error
    writer.reject('unreadable')
    return undefined
  }
}

/** Returns `items` in runs of at most `size`. */
export const inRuns = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, k) => items.slice(k * size, (k + 1) * size))
