import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type Observable, Subject } from 'rxjs'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { JournalError } from '../journal/journalError.ts'
import type { ClearingMethod, ClearingRequest, ClearingRequests, CommitEvents } from './ledgerService.ts'
import type { FromThread, ThreadOptions, ToThread } from './thread.ts'

/** The clearing house, wherever it works. */
export interface ClearingPort {
  /** Names its journal. */
  readonly id: string
  /** What was committed, in order; before the answers to those who asked for it. */
  readonly commits$: Observable<CommitEvents>
  /** Resolves when what was asked for is durable. Rejects with a Refusal where it did not happen, or cannot be known to have. */
  ask<A extends ClearingMethod>(ask: A, request: ClearingRequests[A]['ask']): Promise<ClearingRequests[A]['answer']>
  stats(): ClearingStats
  /** Answers what was asked before, and closes the journal. */
  close(): Promise<void>
}

export interface ClearingStats {
  readonly state: 'open' | 'failing' | 'closed'
  /** Entries of the journal. */
  readonly entries: number
  readonly commits: number
  readonly waiting: number
  readonly refused: number
  readonly failure: string | undefined
}

/** Requests that may wait at a time; more are refused. */
const WAITING_MAX = 10_000

/** What an order makes lives until its commit is answered: with less room most of it would be copied before it dies. */
const YOUNG_MB = 96

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

/** Opens the journal in a thread of its own. Rejects with JournalError where it cannot be used. */
export const openThreadPort = (options: ThreadOptions): Promise<ClearingPort> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(threadFile(), { workerData: options, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
    worker.once('error', reject)
    worker.once('message', (first: FromThread) => {
      if ('opened' in first) resolve(new ThreadHouse(worker, first.opened))
      else reject(new JournalError('fatal' in first ? first.fatal : 'the journal did not open'))
    })
  })

/** The compiled thread, also where this file runs from its source. */
const threadFile = (): string => {
  const here = fileURLToPath(new URL('./thread.js', import.meta.url))
  return here.includes('/dist/') ? here : here.replace(/\/server\/clearing\/thread\.js$/, '/dist/server/clearing/thread.js')
}

class ThreadHouse implements ClearingPort {
  readonly id: string
  readonly commits$ = new Subject<CommitEvents>()
  private readonly worker: Worker
  /** In the order in which they are answered. */
  private readonly waiting: Waiting[] = []
  private outgoing: ClearingRequest[] = []
  private entries: number
  private commits = 0
  private refused = 0
  private failure: string | undefined
  private closed = false
  private readonly ended: Promise<void>

  constructor(worker: Worker, { id, seq }: { id: string; seq: number }) {
    this.worker = worker
    // A start that fails elsewhere must not be kept from ending.
    worker.unref()
    this.id = id
    this.entries = seq
    worker.on('message', (message: FromThread) => this.take(message))
    worker.on('error', error => this.fail(error))
    this.ended = new Promise(resolve => {
      worker.once('exit', () => {
        this.fail(new Error('the clearing house has ended'))
        resolve()
      })
    })
  }

  ask<A extends ClearingMethod>(ask: A, request: ClearingRequests[A]['ask']): Promise<ClearingRequests[A]['answer']> {
    if (this.closed) return Promise.reject(new ProtocolError('not_ready', 'the clearing house is closed', 1))
    if (this.waiting.length >= WAITING_MAX) {
      this.refused += 1
      return Promise.reject(new ProtocolError('too_much', 'too many orders are waiting', 1))
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      // What is asked within one turn of the event loop, by whatever number of sockets, goes over as one message.
      if (this.outgoing.push({ ask, ...request } as unknown as ClearingRequest) === 1) setImmediate(() => this.flush())
    })
  }

  stats(): ClearingStats {
    const { entries, commits, waiting, refused, failure } = this
    return { state: this.closed ? 'closed' : failure ? 'failing' : 'open', entries, commits, waiting: waiting.length, refused, failure }
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

  private take(message: FromThread): void {
    if ('answers' in message) {
      const { answers, news, seq } = message
      this.entries = seq
      if (news) {
        this.failure = undefined
        this.commits += 1
        this.commits$.next(news)
      }
      for (const [i, { resolve }] of this.waiting.splice(0, answers.length).entries()) resolve(answers[i] as never)
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
