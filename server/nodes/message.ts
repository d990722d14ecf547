/** Bytes of one part of a body. */
export const PART_BYTES = 64 * 1024
/** Parts of one body that may be under way before its reader asks for more. */
export const WINDOW = 8

/** A part of a question, of an answer, or of the talk about them. `id` is the gateway's own number of the question. */
export type Message =
  /** A question from a gateway (`about`), or the core's answer to it; the first part of its body with it, the others if there are `more`. */
  | {
      readonly type: 'head'
      readonly id: number
      readonly about: string
      readonly head: unknown
      readonly more?: true
      readonly bytes?: Uint8Array
    }
  /** The next part of a body. */
  | { readonly type: 'part'; readonly id: number; readonly more?: true; readonly bytes?: Uint8Array }
  /** The reader of a body has room for this many more parts. */
  | { readonly type: 'go'; readonly id: number; readonly parts: number }
  /** The reader or the writer of a body has given up. */
  | { readonly type: 'stop'; readonly id: number }
  /** A gateway lives, and asks which of these questions the core does not know. */
  | { readonly type: 'check'; readonly n: number; readonly waiting: readonly number[]; readonly says: unknown }
  /** The core lives, and does not know these. */
  | { readonly type: 'checked'; readonly n: number; readonly unknown: readonly number[]; readonly says: unknown }
  /** The core says something to all gateways. */
  | { readonly type: 'news'; readonly about: string; readonly news: unknown }

/** What one process sends another within a turn of the event loop. */
export interface Entry {
  /** The gateway that sends, or the core. */
  readonly from: string
  /** Rises by one from each sender to each receiver, from 1 on: a hole shows that entries are lost. */
  readonly n: number
  readonly messages: readonly Message[]
}

/** An entry as a stream has it: the messages as JSON, and behind each other the bytes of those that have some. */
export interface EncodedEntry {
  readonly text: string
  readonly bytes: Uint8Array | undefined
}

/** Writes messages as an entry of a stream. */
export const encodeMessages = (messages: readonly Message[]): EncodedEntry => {
  const pieces: Uint8Array[] = []
  const written = messages.map(message => {
    if (!('bytes' in message) || message.bytes === undefined) return message
    pieces.push(message.bytes)
    return { ...message, bytes: message.bytes.length }
  })
  return { text: JSON.stringify(written), bytes: pieces.length === 0 ? undefined : pieces.length === 1 ? pieces[0] : Buffer.concat(pieces) }
}

/** Reads an entry that `encodeMessages` wrote. The bytes are slices of those given. Throws an Error if it is not of this form. */
export const decodeMessages = (text: string, bytes: Uint8Array | undefined): Message[] => {
  const messages = JSON.parse(text) as unknown
  if (!Array.isArray(messages)) throw new Error('an entry of messages: found no list')
  let at = 0
  return messages.map((message: Message) => {
    if (!('bytes' in message)) return message
    const length = message.bytes as unknown as number
    const piece = bytes?.subarray(at, at + length)
    if (piece?.length !== length) throw new Error('an entry of messages: found too few bytes')
    at += length
    return { ...message, bytes: piece }
  })
}
