import { Subject } from 'rxjs'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { BodyStream } from './bodyStream.ts'
import { type Line, Outbox, Sequence } from './line.ts'
import { type Message, PART_BYTES, WINDOW } from './message.ts'
import { readRefusal } from './refusal.ts'

/** The core's answer to a question. */
export interface Answered {
  readonly head: unknown
  /** The first part of the body. */
  readonly bytes: Uint8Array
  /** The others; undefined if there are none. */
  readonly rest: ReadableStream<Uint8Array> | undefined
}

/** What a question may have beside its head. */
export interface AskOptions {
  readonly body?: Uint8Array
  /** Aborts when nobody wants the answer any more. */
  readonly signal?: AbortSignal
}

/** What a gateway is about itself, for the core and for others: sent every second. */
export type Says = () => unknown

interface Pending {
  readonly resolve: (answered: Answered) => void
  readonly reject: (error: Error) => void
  readonly since: number
  readonly body: Uint8Array | undefined
  /** Bytes of it that are on their way, and parts that may still follow. */
  sent: number
  room: number
  stream: BodyStream | undefined
}

/** Questions that may wait for an answer at a time; more are refused. */
const PENDING_MAX = 10_000
/** ms between two questions whether the core lives. */
const CHECK_MS = 1_000
/** ms of silence after which the core counts as away: nobody waits for it, and nothing more is asked of it. */
const AWAY_MS = 2_500
/** ms until a core that does not listen yet is asked again whether it does. */
const AGAIN_MS = 100

const away = (): ProtocolError => new ProtocolError('not_ready', 'the core does not answer: what was asked may have been done', 1)

/**
 * A gateway's side of questions and answers. Each question ends: by its answer, or with `not_ready` if the core has ended, if it does not
 * know the question, or if nothing is heard of it. An answer that was lost on the way is found out by asking each second for all that wait.
 */
export class Asker {
  /** What the core says to all. */
  readonly news$ = new Subject<{ readonly about: string; readonly news: unknown }>()
  /** Emits the core's own facts, with each sign of life that was asked for. */
  readonly checked$ = new Subject<unknown>()
  /** There is another core, or entries of it were lost: whatever is known by news is out of date. */
  readonly missed$ = new Subject<void>()
  /** Questions since the start, and those that ended without an answer; entries that were lost. */
  readonly counts = { asked: 0, unanswered: 0, holes: 0 }
  private readonly line: Line
  private readonly says: Says
  private readonly now: () => number
  private readonly pending = new Map<number, Pending>()
  private core: string | undefined
  private outbox: Outbox | undefined
  private sequence = new Sequence()
  private ids = 0
  private checks = 0
  private hasHeard = false
  private heardAt = Number.NEGATIVE_INFINITY
  private readonly timer: NodeJS.Timeout

  constructor(line: Line, says: Says, now: () => number) {
    this.line = line
    this.says = says
    this.now = now
    line.entries$.subscribe(({ from, n, messages }) => {
      if (from === this.core) this.receive(n, messages)
    })
    this.timer = setInterval(() => this.check(), CHECK_MS)
  }

  /** Questions that wait for an answer. */
  get waiting(): number {
    return this.pending.size
  }

  /** When the core was last heard, by the clock given; -Infinity if never. */
  get heard(): number {
    return this.heardAt
  }

  /** Whether it is worth while to ask. */
  get up(): boolean {
    return this.outbox !== undefined && this.now() - this.heardAt < AWAY_MS
  }

  /** Asks this core from now on. Whatever was asked of another is answered `not_ready`. */
  meet(core: string): void {
    if (core === this.core) return
    this.failAll()
    this.core = core
    this.outbox = new Outbox(this.line, core)
    this.sequence = new Sequence()
    // It is worth a try: it has just been heard of.
    this.heardAt = this.now()
    this.hasHeard = false
    this.check()
    this.missed$.next()
  }

  /** Lets the core know at once what is new here. */
  say(): void {
    this.check()
  }

  /** Sends a sign without an answer. Resolves with the id of its entry. */
  note(): Promise<string> {
    return this.outbox?.put({ type: 'go', id: 0, parts: 0 }) ?? Promise.reject(away())
  }

  /** Asks the core. Rejects with `not_ready` if no answer comes, and with the reason of the signal if that aborts before. */
  ask(about: string, head: unknown, { body, signal }: AskOptions = {}): Promise<Answered> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (!this.up) return Promise.reject(new ProtocolError('not_ready', 'the core does not answer', 1))
    if (this.pending.size >= PENDING_MAX) return Promise.reject(new ProtocolError('too_much', 'too many questions are waiting', 1))
    this.ids += 1
    this.counts.asked += 1
    const id = this.ids
    return new Promise((resolve, reject) => {
      const first = body?.subarray(0, PART_BYTES)
      const pending: Pending = { resolve, reject, since: this.now(), body, sent: first?.length ?? 0, room: WINDOW - 1, stream: undefined }
      this.pending.set(id, pending)
      signal?.addEventListener('abort', () => this.give(id, signal.reason), { once: true })
      const more = body !== undefined && body.length > PART_BYTES
      const sent = this.outbox!.put({ type: 'head', id, about, head, ...(more && { more }), ...(first && { bytes: first }) })
      sent.catch(() => this.fail(id))
      this.feed(id, pending)
    })
  }

  /** Asks nothing any more; whatever waits ends. */
  close(): void {
    clearInterval(this.timer)
    this.failAll()
    this.core = undefined
    this.outbox = undefined
  }

  private receive(n: number, messages: readonly Message[]): void {
    this.heardAt = this.now()
    this.hasHeard = true
    if (!this.sequence.follows(n)) this.hole()
    for (const message of messages) this.take(message)
  }

  private take(message: Message): void {
    switch (message.type) {
      case 'head':
        this.answered(message)
        break
      case 'part': {
        const pending = this.pending.get(message.id)
        const stream = pending?.stream
        // The head was lost.
        if (pending && stream === undefined) this.fail(message.id)
        if (stream === undefined) break
        if (!message.more) this.pending.delete(message.id)
        stream.add(message.bytes ? Buffer.from(message.bytes) : new Uint8Array(), !message.more)
        break
      }
      case 'go': {
        const pending = this.pending.get(message.id)
        if (pending === undefined) break
        pending.room += message.parts
        this.feed(message.id, pending)
        break
      }
      case 'stop':
        this.fail(message.id)
        break
      case 'checked':
        // One whose answer has begun meanwhile is known well enough.
        for (const id of message.unknown) if (this.pending.get(id)?.stream === undefined) this.fail(id)
        this.checked$.next(message.says)
        break
      case 'news':
        this.news$.next(message)
        break
      case 'check':
        break
    }
  }

  private answered({ id, about, head, more, bytes }: Message & { readonly type: 'head' }): void {
    const pending = this.pending.get(id)
    if (pending === undefined || pending.stream !== undefined) {
      // Nobody waits for it any more.
      if (more && pending === undefined) this.outbox?.post({ type: 'stop', id })
      return
    }
    if (about === 'error') {
      this.pending.delete(id)
      pending.reject(readRefusal(head))
      return
    }
    // A slice of what was read would keep all of that alive.
    const first = bytes === undefined ? new Uint8Array() : Buffer.from(bytes)
    if (!more) {
      this.pending.delete(id)
      pending.resolve({ head, bytes: first, rest: undefined })
      return
    }
    pending.stream = new BodyStream(
      parts => this.outbox?.post({ type: 'go', id, parts }),
      () => this.give(id, undefined),
    )
    pending.resolve({ head, bytes: first, rest: pending.stream.readable })
  }

  /** Sends what there is room for of a question's body. */
  private feed(id: number, pending: Pending): void {
    const { body } = pending
    while (body !== undefined && pending.sent < body.length && pending.room > 0) {
      const bytes = body.subarray(pending.sent, pending.sent + PART_BYTES)
      pending.sent += bytes.length
      pending.room -= 1
      const more = pending.sent < body.length
      this.outbox?.put({ type: 'part', id, ...(more && { more }), bytes }).catch(() => this.fail(id))
    }
  }

  /** Nobody wants the answer any more. */
  private give(id: number, reason: unknown): void {
    const pending = this.pending.get(id)
    if (pending === undefined) return
    this.pending.delete(id)
    this.outbox?.post({ type: 'stop', id })
    const error = reason instanceof Error ? reason : new Error('nobody waits for the answer')
    pending.reject(error)
    pending.stream?.fail(error)
  }

  private fail(id: number): void {
    const pending = this.pending.get(id)
    if (pending === undefined) return
    this.pending.delete(id)
    this.counts.unanswered += 1
    this.outbox?.post({ type: 'stop', id })
    const error = away()
    pending.reject(error)
    pending.stream?.fail(error)
  }

  private failAll(): void {
    for (const id of [...this.pending.keys()]) this.fail(id)
  }

  /** Entries of the core are lost: a body that was under way may lack a part or wait for a word that it may go on, and news may be missing. */
  private hole(): void {
    this.counts.holes += 1
    for (const [id, { stream, body, sent }] of [...this.pending]) if (stream || (body && sent < body.length)) this.fail(id)
    this.missed$.next()
  }

  private check(): void {
    if (this.outbox === undefined) return
    const now = this.now()
    if (!this.up) this.failAll()
    this.checks += 1
    const waiting = [...this.pending].filter(([, { since, stream }]) => !stream && now - since >= CHECK_MS).map(([id]) => id)
    const { core } = this
    this.outbox.put({ type: 'check', n: this.checks, waiting, says: this.says() }).catch(() => {
      // A core that has just begun may not listen yet.
      if (this.core === core && !this.hasHeard) setTimeout(() => this.core === core && this.check(), AGAIN_MS).unref()
    })
  }
}

/** Returns the whole body of an answer. Rejects if it breaks off. */
export const wholeOf = async ({ bytes, rest }: Answered): Promise<Uint8Array> => {
  if (rest === undefined) return bytes
  const parts = [bytes]
  for await (const part of rest) parts.push(part)
  return Buffer.concat(parts)
}
