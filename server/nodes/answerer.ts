import type { Logger } from 'pino'
import { Subject } from 'rxjs'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { momentOf, momentSeen } from '../lib/arrivalOrder.ts'
import { logError } from '../lib/errorEvents.ts'
import { LazyAbort } from '../lib/lazyAbort.ts'
import { type Arrived, type Line, Outbox, Sequence } from './line.ts'
import { type Message, PART_BYTES, WINDOW } from './message.ts'
import { refusalOf } from './refusal.ts'

/** A question as it has come, whole. */
export interface Question {
  readonly gateway: string
  readonly head: unknown
  readonly body: Uint8Array
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal
}

/** An answer: a head, which is JSON, and maybe a body. */
export interface Reply {
  readonly head: unknown
  readonly body?: Uint8Array | ReadableStream<Uint8Array>
}

/** Answers the questions of a kind. A ProtocolError that is thrown reaches the one who asked. */
export type Answer = (question: Question) => Reply | Promise<Reply>

/** A gateway that has asked, or said that it lives. */
export interface KnownGateway {
  readonly name: string
  /** What it said of itself last. */
  readonly says: unknown
}

/** How an answerer is opened. */
export interface AnswererOptions {
  readonly line: Line
  /** How questions are answered, by what they are about. */
  readonly answers: Readonly<Record<string, Answer>>
  /** What the core says of itself with each sign of life. */
  readonly says: () => unknown
  /** Bytes that a question's body may have. */
  readonly bodyBytes: number
  readonly now: () => number
  readonly log: Logger
}

interface Run {
  readonly abort: LazyAbort
  readonly about: string
  readonly head: unknown
  readonly body: Uint8Array[]
  bytes: number
  /** `coming`: its body is under way; `going`: that of its answer is. */
  state: 'coming' | 'running' | 'going'
  /** Parts of the answer that the gateway has room for. */
  room: number
  wake: (() => void) | undefined
}

interface Gateway {
  readonly outbox: Outbox
  readonly sequence: Sequence
  readonly runs: Map<number, Run>
  heardAt: number
  says: unknown
}

/** Silence after which a gateway is gone, ms. */
const GONE_MS = 10_000
const LOOK_MS = 1_000
/** Questions of all gateways that may be answered at a time. */
const RUNS_MAX = 20_000
/** Bytes of all questions' bodies that may be on their way at a time, in multiples of the limit of one. */
const TOGETHER = 16

/** The core's side of questions and answers: runs each question once, and sends its answer no faster than the gateway reads it. */
export class Answerer {
  /** Questions since the start; entries of gateways that were lost; answers that did not arrive. */
  readonly counts = { asked: 0, holes: 0, undelivered: 0 }
  /** A gateway has said that it lives. */
  readonly heard$ = new Subject<void>()
  private readonly options: AnswererOptions
  private readonly gateways = new Map<string, Gateway>()
  private readonly timer: NodeJS.Timeout
  private running = 0
  private bytes = 0

  constructor(options: AnswererOptions) {
    this.options = options
    options.line.entries$.subscribe(entry => this.receive(entry))
    this.timer = setInterval(() => this.look(), LOOK_MS)
  }

  /** The gateways that live. */
  get known(): readonly KnownGateway[] {
    return [...this.gateways].map(([name, { says }]) => ({ name, says }))
  }

  /** Questions that are being answered. */
  get waiting(): number {
    return this.running
  }

  /** Says something to all gateways. */
  tell(about: string, news: unknown): void {
    for (const { outbox } of this.gateways.values()) outbox.post({ type: 'news', about, news })
  }

  /** Answers nothing any more. */
  close(): void {
    clearInterval(this.timer)
    for (const name of [...this.gateways.keys()]) this.forget(name)
  }

  private receive({ id, from, n, messages }: Arrived): void {
    momentSeen(momentOf(id))
    let gateway = this.gateways.get(from)
    if (gateway === undefined) {
      gateway = { outbox: new Outbox(this.options.line, from), sequence: new Sequence(), runs: new Map(), heardAt: 0, says: undefined }
      this.gateways.set(from, gateway)
    }
    gateway.heardAt = this.options.now()
    if (!gateway.sequence.follows(n)) this.hole(gateway)
    for (const message of messages) this.take(from, gateway, message)
  }

  private take(name: string, gateway: Gateway, message: Message): void {
    switch (message.type) {
      case 'head':
        this.begin(name, gateway, message)
        break
      case 'part':
        this.addPart(name, gateway, message)
        break
      case 'go': {
        const run = gateway.runs.get(message.id)
        if (run === undefined) break
        run.room += message.parts
        run.wake?.()
        break
      }
      case 'stop':
        this.giveUp(gateway, message.id)
        break
      case 'check': {
        gateway.says = message.says
        this.heard$.next()
        // The beginning of an answer that has gone out before this was lost, if the gateway still waits for it.
        const unknown = message.waiting.filter(id => (gateway.runs.get(id)?.state ?? 'going') === 'going')
        gateway.outbox.post({ type: 'checked', n: message.n, unknown, says: this.options.says() })
        break
      }
      case 'checked':
      case 'news':
        break
    }
  }

  private begin(name: string, gateway: Gateway, message: Message & { readonly type: 'head' }): void {
    const { id, about, head, more, bytes } = message
    this.counts.asked += 1
    const run: Run = { abort: new LazyAbort(), about, head, body: [], bytes: 0, state: 'coming', room: WINDOW - 1, wake: undefined }
    if (this.running >= RUNS_MAX) {
      this.refuse(gateway, id, new ProtocolError('too_much', 'too many questions are being answered', 1))
      return
    }
    this.running += 1
    gateway.runs.set(id, run)
    if (bytes !== undefined) this.keep(run, bytes)
    if (!more) void this.answer(name, gateway, id, run)
  }

  private addPart(name: string, gateway: Gateway, { id, more, bytes }: Message & { readonly type: 'part' }): void {
    const run = gateway.runs.get(id)
    if (run === undefined) return
    const { bodyBytes } = this.options
    if (run.bytes + (bytes?.length ?? 0) > bodyBytes || this.bytes > bodyBytes * TOGETHER) {
      const isLong = run.bytes + (bytes?.length ?? 0) > bodyBytes
      this.end(gateway, id)
      this.refuse(
        gateway,
        id,
        isLong
          ? new ProtocolError('too_large', `expected a body of at most ${bodyBytes} bytes`)
          : new ProtocolError('not_ready', 'too many large requests at a time'),
      )
      return
    }
    if (bytes !== undefined) this.keep(run, bytes)
    if (more) gateway.outbox.post({ type: 'go', id, parts: 1 })
    else void this.answer(name, gateway, id, run)
  }

  /** A slice of what was read would keep all of that alive. */
  private keep(run: Run, bytes: Uint8Array): void {
    run.body.push(Buffer.from(bytes))
    run.bytes += bytes.length
    this.bytes += bytes.length
  }

  private async answer(name: string, gateway: Gateway, id: number, run: Run): Promise<void> {
    const { answers, log } = this.options
    const { about, head, body, abort } = run
    run.state = 'running'
    try {
      const answer = answers[about]
      if (answer === undefined) throw new ProtocolError('not_found', `nothing is known here of "${about}": another version?`)
      const whole = body.length === 1 ? body[0]! : Buffer.concat(body)
      const reply = await answer({
        gateway: name,
        head,
        body: whole,
        get signal() {
          return abort.signal
        },
      })
      await this.send(gateway, id, run, reply)
    } catch (error) {
      if (!gateway.runs.has(id)) return
      if (!(error instanceof ProtocolError)) logError(log, 'request_failed', { err: error, about })
      this.refuse(gateway, id, error instanceof ProtocolError ? error : new ProtocolError('internal'))
    } finally {
      this.end(gateway, id)
    }
  }

  private async send(gateway: Gateway, id: number, run: Run, { head, body }: Reply): Promise<void> {
    const about = 'ok'
    if (body === undefined || body instanceof Uint8Array) {
      if (body === undefined || body.length <= PART_BYTES) {
        if (gateway.runs.has(id)) this.deliver(gateway, id, { type: 'head', id, about, head, ...(body?.length && { bytes: body }) })
        return
      }
    }
    const parts = partsOf(body)
    run.state = 'going'
    this.deliver(gateway, id, { type: 'head', id, about, head, more: true })
    try {
      let part = await parts.next()
      while (!part.done) {
        // One is read ahead, because the last has to say that it is.
        const next = await parts.next()
        while (run.room <= 0 && gateway.runs.has(id)) {
          await new Promise<void>(resolve => {
            run.wake = resolve
          })
        }
        if (!gateway.runs.has(id)) return
        run.room -= 1
        this.deliver(gateway, id, { type: 'part', id, ...(!next.done && { more: true }), bytes: part.value })
        part = next
      }
    } catch (error) {
      if (!run.abort.aborted) logError(this.options.log, 'answer_cut_short', { err: error, about: run.about })
      gateway.outbox.post({ type: 'stop', id })
    } finally {
      void parts.return(undefined)
    }
  }

  private deliver(gateway: Gateway, id: number, message: Message): void {
    gateway.outbox.put(message).catch(() => {
      this.counts.undelivered += 1
      // The gateway asks for it, and learns that nobody knows it any more.
      this.giveUp(gateway, id)
    })
  }

  private refuse(gateway: Gateway, id: number, error: ProtocolError): void {
    this.deliver(gateway, id, { type: 'head', id, about: 'error', head: refusalOf(error) })
  }

  private end(gateway: Gateway, id: number): Run | undefined {
    const run = gateway.runs.get(id)
    if (run === undefined) return undefined
    gateway.runs.delete(id)
    this.running -= 1
    this.bytes -= run.bytes
    run.bytes = 0
    return run
  }

  private giveUp(gateway: Gateway, id: number): void {
    const run = this.end(gateway, id)
    run?.abort.abort()
    run?.wake?.()
  }

  /** Entries of a gateway are lost: a body that was under way may lack a part, or wait for a word that it may go on. */
  private hole(gateway: Gateway): void {
    this.counts.holes += 1
    for (const [id, { state }] of [...gateway.runs]) {
      if (state === 'running') continue
      this.giveUp(gateway, id)
      gateway.outbox.post({ type: 'stop', id })
    }
  }

  private forget(name: string): void {
    const gateway = this.gateways.get(name)!
    this.gateways.delete(name)
    for (const id of [...gateway.runs.keys()]) this.giveUp(gateway, id)
  }

  private look(): void {
    const now = this.options.now()
    for (const [name, { heardAt }] of [...this.gateways]) if (now - heardAt > GONE_MS) this.forget(name)
  }
}

/** Yields a body in parts of at most PART_BYTES, at least one, which may be empty. */
const partsOf = async function* (body: Uint8Array | ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let isEmpty = true
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    for (let at = 0; at < chunk.length; at += PART_BYTES) {
      isEmpty = false
      yield chunk.subarray(at, at + PART_BYTES)
    }
  }
  if (isEmpty) yield new Uint8Array()
}
