import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { Naming } from './instruments.ts'

/** One market of an exchange: where it speaks, what to say to it, and how to read what it says. */
export interface Venue {
  /** The `source` of its ticks. */
  readonly name: string
  /** All its instruments are perpetuals. */
  readonly perpetual: boolean
  readonly heartbeat: Heartbeat
  /** The sockets that carry trades and best quotes of these instruments, named as the venue names them, and the order books of some. */
  sockets(symbols: readonly string[], books: ReadonlySet<string>): SocketPlan[]
  /** Made anew for every connection: it holds order books and sequence numbers. */
  decoder(naming: Naming): Decoder
  readonly traces: RecordingFingerprint
}

export interface SocketPlan {
  readonly url: string
  /** Sent once the socket is open, one by one. */
  readonly subscribeMessages: readonly string[]
}

/** What keeps a quiet connection alive, and shows that it is; a ping of the protocol where there is no `text`. */
export interface Heartbeat {
  readonly everyMs: number
  readonly text?: string
}

export interface Decoder {
  /** Writes what the message tells. Returns the venue's words where it complains. Throws nothing, whatever comes. */
  decode(text: string, writer: TickWriter): string | undefined
  /** A book has a hole that only a new connection mends. */
  readonly lost: boolean
}

/** By what a recording shows that it was this venue that spoke. */
export interface RecordingFingerprint {
  at(address: URL): boolean
  /** Of a message as parsed: true only where no other venue would send it. */
  matches(message: unknown): boolean
}

/**
 * Reads JSON for a decoder whose types say what its venue documents. What comes otherwise shows as a syntax error or as a type
 * error when it is used, and is counted as unreadable.
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

/** `items` in runs of at most `size`. */
export const inRuns = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, k) => items.slice(k * size, (k + 1) * size))
