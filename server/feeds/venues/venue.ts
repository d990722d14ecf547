import type { Perpetual } from '../../../streams/market/symbols.ts'
import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { Naming } from './instruments.ts'
import type { VenueTrade } from './lastingInstrument.ts'

/** One market of an exchange: its addresses, the messages to send, and how to read its answers. */
export interface Venue {
  /** The `source` of its ticks. */
  readonly name: string
  /** All its instruments are perpetuals; `inverse`: their sizes come as contracts, and leave as base units. */
  readonly perpetual: Perpetual
  /** The form of its symbols, and one of them. */
  readonly symbols: { readonly form: RegExp; readonly like: string; readonly inCapitals: boolean }
  readonly heartbeat: Heartbeat
  /** The sockets that carry trades and best quotes of these instruments, named as the venue names them, and the order books of some. */
  sockets(symbols: readonly string[], books: ReadonlySet<string>): SocketPlan[]
  /** Returns the message that asks for topics of one group. `id`: the number of the request. */
  request(topics: readonly string[], id: number): string
  /** Returns the names that the venue may answer under if it is asked for `symbol`, its own first. */
  answers(symbol: string): readonly string[]
  /** Returns a new decoder for a connection: it holds order books and what was said on it. */
  decoder(naming: Naming): Decoder
  /** Where it gives trades again that its socket has skipped; undefined if it does not, or does not number them. */
  readonly missing?: MissingTrades
  readonly fingerprint: RecordingFingerprint
}

/** A socket to open. */
export interface SocketPlan {
  readonly url: string
  /** The instruments that it carries, as the venue names them. */
  readonly symbols: readonly string[]
  /** Topics, such as `trade:BTC/USD`: those that go together in a request. None if the address says it all. */
  readonly topics: readonly (readonly string[])[]
}

/** How a venue gives trades again over HTTP, a page at a time. */
export interface MissingTrades {
  /**
   * Returns the address of a page of the trades `fromId` to `toId` of an instrument, named as the venue names it. `since`: the event time (ms)
   * of the trade before them.
   */
  page(symbol: string, fromId: number, toId: number, since: number): string
  /** Reads a page; others than the missing trades may be among them. Throws TypeError if it is not of the documented form. */
  trades(page: unknown): readonly VenueTrade[]
}

/** Keeps a quiet connection alive, and shows that it is: `text`, or a ping of the protocol if there is none. */
export interface Heartbeat {
  readonly everyMs: number
  readonly text?: string
}

/** Reads the messages of one connection. */
export interface Decoder {
  /** Writes the message's ticks. Returns what the message says of the connection itself. Throws nothing, whatever comes. */
  decode(text: string, writer: TickWriter): Notice | undefined
  /** A book has a hole that only a new connection mends. */
  readonly lost: boolean
}

/** A message about the connection, not about a market. */
export type Notice =
  /** The venue says by itself that it is there. Answers to our own pings are none. */
  | { readonly kind: 'heartbeat' }
  /** It accepted a request, or some topics of it. */
  | { readonly kind: 'accepted'; readonly request?: number | undefined; readonly topics: readonly string[] }
  /** It refused a request, or only what its words name (`alone`). */
  | { readonly kind: 'refused'; readonly why: string; readonly request?: number | undefined; readonly alone: boolean }
  /** It complains of something else. */
  | { readonly kind: 'complaint'; readonly why: string }

/** The notice that a venue is there. */
export const HEARTBEAT: Notice = { kind: 'heartbeat' }

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
export const readJson = <Message>(text: string, writer: TickWriter, read: (message: Message) => Notice | undefined): Notice | undefined => {
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
