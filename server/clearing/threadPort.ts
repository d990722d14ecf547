import { Worker } from 'node:worker_threads'
import { Subject } from 'rxjs'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { JournalError } from '../journal/journalError.ts'
import type { RedisLogLine } from '../journal/redis/redisThread.ts'
import { type ActiveTrace, activeTrace } from '../lib/activeTrace.ts'
import { compiledFile } from '../lib/compiledFile.ts'
import { deferred } from '../lib/deferred.ts'
import type { ClearingMethod, ClearingPort, ClearingRequest, ClearingRequests, ClearingStats, CommitEvents } from './port.ts'
import type { FromThread, OpenedJournal, ThreadOptions, ToThread } from './thread.ts'
import type { VerifiedTo } from './verifyInSlices.ts'

/** Requests that may wait at a time; more are refused. */
const WAITING_MAX = 10_000

/** MiB. The objects of an order live until its commit is answered: with less room most of them would be copied before they die. */
const YOUNG_MB = 96

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
  /** Since when it waits, ms of the monotonic clock. */
  readonly since: number
  /** It was refused, and its answer goes nowhere. */
  late: boolean
  /** The trace of the command; undefined if nobody traces it. */
  readonly trace: ActiveTrace | undefined
}

/** ms that a request waits for a ledger that lies elsewhere. What becomes of it later, its key tells. */
const LATE_MS = 5_000
const LATE_CHECK_MS = 250

/** What is heard of the clearing house before and beside its answers. */
interface Heard {
  /** Another core leads; this one has all entries up to a number. Called again when it has more. */
  readonly following?: (seq: number) => void
  readonly log?: (line: RedisLogLine) => void
}

/**
 * Opens the clearing house in a thread of its own. If several cores share a ledger it resolves when this one leads them. Rejects with JournalError
 * if the journal cannot be used.
 */
export const openThreadPort = (options: ThreadOptions, heard: Heard = {}): Promise<ClearingPort> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(compiledFile('./thread.js', import.meta.url), {
      workerData: options,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    worker.once('error', reject)
    const first = (message: FromThread): void => {
      if ('following' in message) heard.following?.(message.following)
      else if ('log' in message) heard.log?.(message)
      else {
        worker.off('message', first)
        if ('opened' in message) resolve(new ThreadPort(worker, message.opened, heard))
        else reject(new JournalError('fatal' in message ? message.fatal : 'the journal did not open'))
      }
    }
    worker.on('message', first)
  })

/** The main thread's side: sends requests, and resolves them in order as they are answered. */
class ThreadPort implements ClearingPort {
  readonly id: string
  readonly entriesAtStart: number
  readonly vouched: boolean
  readonly notes: readonly string[]
  readonly term: number | undefined
  readonly commits$ = new Subject<CommitEvents>()
  readonly unsound: Promise<never>
  private readonly worker: Worker
  private readonly heard: Heard
  /** In the order in which they are answered. */
  private readonly waiting: Waiting[] = []
  private outgoing: ClearingRequest[] = []
  private entries: number
  private commits = 0
  private refused = 0
  private failure: string | undefined
  private verified: VerifiedTo
  private headFailure: string | undefined
  private leading = { healed: 0, replicas: 0 }
  /** Of a ledger that may be away. */
  private readonly timer: NodeJS.Timeout | undefined
  private readonly doubt = deferred<never>()
  private held: Promise<unknown> | undefined
  private closed = false
  private readonly ended: Promise<void>

  constructor(worker: Worker, { id, seq, vouched, notes, verifiedTo, term }: OpenedJournal, heard: Heard) {
    this.worker = worker
    this.heard = heard
    // A start that fails elsewhere must be able to end.
    worker.unref()
    this.id = id
    this.entries = seq
    this.entriesAtStart = seq
    this.vouched = vouched
    this.notes = notes
    this.term = term
    if (term !== undefined) this.timer = setInterval(() => this.giveUpLate(), LATE_CHECK_MS).unref()
    this.verified = { verifiedTo, fault: undefined, unsound: false }
    this.unsound = this.doubt.promise
    // Its users handle its rejection.
    this.unsound.catch(() => {})
    worker.on('message', (message: FromThread) => this.receive(message))
    worker.on('error', error => this.fail(error))
    this.ended = new Promise(resolve => {
      worker.once('exit', () => {
        this.fail(new Error('the clearing house has ended'))
        resolve()
      })
    })
  }

  hold(until: Promise<unknown>): void {
    this.held = until
    until.then(
      () => {
        this.held = undefined
      },
      () => {},
    )
  }

  ask<A extends ClearingMethod>(ask: A, request: ClearingRequests[A]['ask']): Promise<ClearingRequests[A]['answer']> {
    if (ask === 'execute' && this.held !== undefined) {
      const { who } = request as ClearingRequests['execute']['ask']
      if (who === 'system') return this.held.then(() => this.ask(ask, request))
      return Promise.reject(new ProtocolError('not_ready', 'ClickHouse has not yet confirmed the journal', 1))
    }
    if (this.closed) return Promise.reject(new ProtocolError('not_ready', 'the clearing house is closed', 1))
    if (this.waiting.length >= WAITING_MAX) {
      this.refused += 1
      return Promise.reject(new ProtocolError('too_much', 'too many orders are waiting', 1))
    }
    return new Promise((resolve, reject) => {
      const trace = ask === 'execute' ? activeTrace.getStore() : undefined
      this.waiting.push({ resolve, reject, since: this.timer === undefined ? 0 : performance.now(), late: false, trace })
      // All requests of one turn of the event loop, of any number of sockets, go over as one message.
      if (this.outgoing.push({ ask, ...request } as ClearingRequest) === 1) setImmediate(() => this.flush())
    })
  }

  stats(): ClearingStats {
    const { entries, commits, waiting, refused, failure, verified, headFailure, term, leading } = this
    return {
      state: this.closed ? 'closed' : failure ? 'failing' : 'open',
      entries,
      commits,
      waiting: waiting.length,
      refused,
      failure,
      // What has come since follows from what was verified.
      verifiedTo: verified.verifiedTo >= this.entriesAtStart && verified.fault === undefined ? entries : verified.verifiedTo,
      faults: verified.fault === undefined ? 0 : 1,
      fault: verified.fault ?? headFailure,
      ...(term !== undefined && { term, ...leading }),
    }
  }

  async close(): Promise<void> {
    if (!this.closed) {
      this.flush()
      this.closed = true
      this.worker.ref()
      this.worker.postMessage('close' satisfies ToThread)
    }
    await this.ended
  }

  private flush(): void {
    if (this.outgoing.length === 0) return
    const message: ToThread = this.outgoing
    this.outgoing = []
    this.worker.postMessage(message)
  }

  private receive(message: FromThread): void {
    if ('answers' in message) {
      const { answers, events, seq, headFailure, leading, times } = message
      this.entries = seq
      this.headFailure = headFailure
      if (leading) this.leading = leading
      if (events) {
        this.failure = undefined
        this.commits += 1
        this.commits$.next(events)
      }
      for (const [i, { resolve, trace }] of this.waiting.splice(0, answers.length).entries()) {
        trace?.command(times)
        resolve(answers[i] as never)
      }
    } else if ('verifiedTo' in message) {
      this.verified = message
      if (!message.unsound) return
      this.hold(this.unsound)
      this.doubt.reject(new JournalError(message.fault!))
    } else if ('refused' in message) {
      this.failure = message.why
      this.refused += message.refused
      for (const { reject } of this.waiting.splice(0, message.refused))
        reject(new ProtocolError('not_ready', 'the journal takes no entries; nothing was done', 1))
    } else if ('fatal' in message) {
      this.fail(new JournalError(message.fatal))
      this.doubt.reject(new JournalError(message.fatal))
    } else if ('log' in message) this.heard.log?.(message)
  }

  /** Refuses what has waited too long. */
  private giveUpLate(): void {
    const before = performance.now() - LATE_MS
    for (const waiting of this.waiting) {
      if (waiting.since > before) return
      if (waiting.late) continue
      waiting.late = true
      waiting.reject(new ProtocolError('not_ready', 'the ledger does not answer; whether it was done, its key tells', 1))
    }
  }

  private fail(error: Error): void {
    this.closed = true
    clearInterval(this.timer)
    this.failure ??= error.message
    for (const { reject } of this.waiting.splice(0)) reject(new ProtocolError('not_ready', 'the clearing house has ended', 1))
  }
}
