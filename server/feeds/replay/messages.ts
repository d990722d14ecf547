import { fineTime } from '../../../streams/lib/time.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import { type Block, blocksOf } from '../../lib/blocks.ts'
import type { FeedInput } from '../feed.ts'
import { SpecError } from '../specError.ts'
import { VENUES } from '../venues/index.ts'
import type { LastingInstrument } from '../venues/lastingInstrument.ts'
import type { Decoder, Venue } from '../venues/venue.ts'
import type { Reader, Reading, Recipe, Recognise } from './reader.ts'

/**
 * Recorded raw messages of venues, read by the same decoders as those of live sockets: `.ndts` (`<receipt, ns> <message>`), or
 * NDJSON `{t:"recv",conn,ts,data}` (`ts` in seconds) and `{t:"connect",conn,addr}`, several connections in one file.
 */
export const messages: Recognise = ({ spec, lines, fragment }) => {
  const entries = lines.map(entryOf)
  if (!entries.some(entry => entry?.kind === 'message')) return undefined
  const speakers = new Map<string, Venue>()
  for (const entry of entries) {
    if (entry?.kind !== 'connect' && (entry?.kind !== 'message' || speakers.has(entry.connection))) continue
    const venue = entry.kind === 'connect' ? venueAt(entry.address) : venueSaying(entry.text)
    if (venue) speakers.set(entry.connection, venue)
  }
  const named = VENUES.find(({ name }) => name === fragment)
  if (speakers.size === 0 && named === undefined) {
    const address = entries.find(entry => entry?.kind === 'connect')?.address
    const found = fragment !== undefined ? `#${fragment}` : address ? `messages of ${address}` : 'messages that name no venue'
    throw new SpecError(spec, found, `#VENUE, one of ${VENUES.map(({ name }) => name).join(', ')}`)
  }
  const reader = (reading: Reading) => new MessageLines(speakers, named, reading)
  const ofSeveral = entries.some(entry => entry !== undefined && entry.kind !== 'other' && entry.connection !== '')
  const sources = [...new Set([...(named ? [named] : []), ...speakers.values()].map(({ name }) => name))].sort()
  return ofSeveral ? { sources, parts: runsOf, reader } : { sources, reader }
}

/** ms. A recorder writes down what comes as it comes; if receipts go back by more, it started again, with another connection. */
const BACK_MS = 1_000
/** Parts of a file that are read side by side; each costs the memory of some blocks. */
const RUNS_MAX = 32

/** Returns the parts of a recording in which time only rises, if it was written connection by connection. */
const runsOf: NonNullable<Recipe['parts']> = async (path, { log, signal }) => {
  const starts = [1]
  let newest = Number.NEGATIVE_INFINITY
  for await (const { first, lines } of blocksOf(path)) {
    if (signal.aborted) break
    for (let i = 0; i < lines.length; i++) {
      const entry = entryOf(lines[i]!)
      if (entry === undefined || entry.kind === 'other') continue
      if (entry.received < newest - BACK_MS) {
        starts.push(first + i)
        newest = entry.received
      } else if (entry.received > newest) newest = entry.received
    }
  }
  if (starts.length > RUNS_MAX) {
    log.warn(
      { file: path, runs: starts.length, most: RUNS_MAX },
      'the times of receipt go back too often; reading in the order of the file',
    )
    starts.length = 1
  }
  return starts.map((from, i) => ({ from, to: starts[i + 1] ?? Number.POSITIVE_INFINITY }))
}

/** `received`: ms. */
type Entry =
  | { readonly kind: 'connect'; readonly connection: string; readonly received: number; readonly address: string }
  | { readonly kind: 'message'; readonly connection: string; readonly received: number; readonly text: string }
  /** Something else that was recorded: what was sent, requests over HTTP. */
  | { readonly kind: 'other' }

/** Returns the message of a line; undefined if it cannot be read. */
const entryOf = (line: string): Entry | undefined => {
  const space = line.indexOf(' ')
  if (space > 0 && STAMP.test(line.slice(0, space))) {
    return { kind: 'message', connection: '', received: fineTime(Number(line.slice(0, space))), text: line.slice(space + 1) }
  }
  if (!line.startsWith('{')) return undefined
  let recorded: { t?: unknown; conn?: unknown; ts?: unknown; data?: unknown; addr?: unknown }
  try {
    recorded = Object(JSON.parse(line))
  } catch {
    return undefined
  }
  const { t, conn = '', ts, data, addr } = recorded
  if (typeof t !== 'string' || typeof conn !== 'string') return undefined
  const received = typeof ts === 'number' ? fineTime(ts) : Number.NaN
  if (t === 'connect' && typeof addr === 'string') return { kind: 'connect', connection: conn, received, address: addr }
  if (t !== 'recv') return { kind: 'other' }
  if (typeof data !== 'string') return undefined
  return { kind: 'message', connection: conn, received, text: data }
}

/** Seconds, ms, µs or ns since the epoch. */
const STAMP = /^\d{10,20}(?:\.\d+)?$/

const venueAt = (address: string): Venue | undefined => {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  return VENUES.find(({ fingerprint }) => fingerprint.at(url))
}

const venueSaying = (text: string): Venue | undefined => {
  try {
    const message: unknown = JSON.parse(text)
    return VENUES.find(({ fingerprint }) => fingerprint.matches(message))
  } catch {
    return undefined
  }
}

/** One recorded connection. */
interface Line {
  readonly writer: TickWriter
  readonly lasting: Map<string, LastingInstrument>
  decoder: Decoder
}

class MessageLines implements Reader {
  private readonly speakers: Map<string, Venue>
  private readonly named: Venue | undefined
  private readonly reading: Reading
  private readonly lines = new Map<string, Line>()
  /** Counts what belongs to no connection that is understood. */
  private readonly stray: TickWriter
  private done: FeedInput[] = []
  private number = 0

  constructor(speakers: Map<string, Venue>, named: Venue | undefined, reading: Reading) {
    this.speakers = speakers
    this.named = named
    this.reading = reading
    this.stray = this.writer()
  }

  read({ first, lines }: Block): void {
    const latest = this.reading.latest()
    let speaking: Line | undefined
    for (let i = 0; i < lines.length; i++) {
      if (lines[i] === '') continue
      this.number = first + i
      const entry = entryOf(lines[i]!)
      if (entry?.kind === 'other') continue
      if (entry?.kind === 'connect') {
        this.connect(entry.connection, venueAt(entry.address))
        continue
      }
      if (entry !== undefined && entry.received > latest) {
        this.stray.message(Number.NaN)
        this.stray.reject('time')
        continue
      }
      const line = entry && (this.lines.get(entry.connection) ?? this.connect(entry.connection, venueSaying(entry.text)))
      if (entry === undefined || line === undefined) {
        this.stray.message(Number.NaN)
        this.stray.reject('unreadable')
        continue
      }
      // Ticks of two connections go on in the order they came in.
      if (line !== speaking) this.collect(speaking)
      speaking = line
      line.writer.latest = latest
      line.writer.message(entry.received)
      line.decoder.decode(entry.text, line.writer)
      this.look(line)
    }
    this.collect(speaking)
  }

  end(): void {
    for (const line of this.lines.values()) this.look(line, true)
  }

  drain(): readonly FeedInput[] {
    for (const { writer } of this.lines.values()) this.push(writer)
    this.push(this.stray)
    const read = this.done
    this.done = []
    return read
  }

  private connect(connection: string, shown: Venue | undefined): Line | undefined {
    const venue = shown ?? this.speakers.get(connection) ?? this.named
    if (venue === undefined) return undefined
    const before = this.lines.get(connection)
    const lasting = before?.lasting ?? new Map()
    const decoder = venue.decoder({ ...this.reading.context, lasting })
    const line = before ?? { decoder, lasting, writer: this.writer() }
    this.lines.set(connection, line)
    if (before) {
      before.decoder = decoder
      before.writer.reconnect()
    }
    return line
  }

  private collect(line: Line | undefined): void {
    if (line && line.writer.pending > 0) this.push(line.writer)
  }

  /** Levels of books come behind the ticks before them. */
  private look(line: Line, last = false): void {
    const levels = line.writer.drainLevels(last)
    if (levels.length === 0) return
    this.push(line.writer)
    this.done.push(...levels)
  }

  private push(writer: TickWriter): void {
    const batch = writer.drain()
    if (batch) this.done.push(batch)
  }

  private writer(): TickWriter {
    return new TickWriter(this.reading.context.feed, (kind, n) => this.reading.leftOut.note(kind, n, this.number))
  }
}
