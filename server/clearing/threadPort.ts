import { Worker } from 'node:worker_threads'
import { Subject } from 'rxjs'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { JournalError } from '../journal/journalError.ts'
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
}

/** Opens the clearing house in a thread of its own. Rejects with JournalError if the journal cannot be used. */
export const openThreadPort = (options: ThreadOptions): Promise<ClearingPort> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(compiledFile('./thread.js', import.meta.url), {
      workerData: options,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    worker.once('error', reject)
    worker.once('message', (first: FromThread) => {
      if ('opened' in first) resolve(new ThreadPort(worker, first.opened))
      else reject(new JournalError('fatal' in first ? first.fatal : 'the journal did not open'))
    })
  })

/** The main thread's side: sends requests, and resolves them in order as they are answered. */
class ThreadPort implements ClearingPort {
  readonly id: string
  readonly entriesAtStart: number
  readonly vouched: boolean
  readonly notes: readonly string[]
  readonly commits$ = new Subject<CommitEvents>()
  readonly unsound: Promise<never>
  private readonly worker: Worker
  /** In the order in which they are answered. */
  private readonly waiting: Waiting[] = []
  private outgoing: ClearingRequest[] = []
  private entries: number
  private commits = 0
  private refused = 0
  private failure: string | undefined
  private verified: VerifiedTo
  private headFailure: string | undefined
  private readonly doubt = deferred<never>()
  private held: Promise<unknown> | undefined
  private closed = false
  private readonly ended: Promise<void>

  constructor(worker: Worker, { id, seq, vouched, notes, verifiedTo }: OpenedJournal) {
    this.worker = worker
    // A start that fails elsewhere must be able to end.
    worker.unref()
    this.id = id
    this.entries = seq
    this.entriesAtStart = seq
    this.vouched = vouched
    this.notes = notes
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
      this.waiting.push({ resolve, reject })
      // All requests of one turn of the event loop, of any number of sockets, go over as one message.
      if (this.outgoing.push({ ask, ...request } as ClearingRequest) === 1) setImmediate(() => this.flush())
    })
  }

  stats(): ClearingStats {
    const { entries, commits, waiting, refused, failure, verified, headFailure } = this
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
      const { answers, events, seq, headFailure } = message
      this.entries = seq
      this.headFailure = headFailure
      if (events) {
        this.failure = undefined
        this.commits += 1
        this.commits$.next(events)
      }
      for (const [i, { resolve }] of this.waiting.splice(0, answers.length).entries()) resolve(answers[i] as never)
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
    }
  }

  private fail(error: Error): void {
    this.closed = true
    this.failure ??= error.message
    for (const { reject } of this.waiting.splice(0)) reject(new ProtocolError('not_ready', 'the clearing house has ended', 1))
  }
}
