import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { JournalError, REPAIR } from '../journal/journalError.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { LedgerService } from './ledgerService.ts'
import type { ClearingRequest, CommitEvents } from './port.ts'
import { type VerifiedTo, verifyInSlices } from './verifyInSlices.ts'

/** The thread in which the clearing house works: all that has come while a commit ran is the next one. */

/** Which journal the thread opens. */
export interface ThreadOptions {
  readonly file: string
  /** Entries of a journal that is followed from its first entry before it opens; of a longer one the rest is followed afterwards. */
  readonly followedMax?: number
}

/** Requests, which are answered in their order; or the end. */
export type ToThread = readonly ClearingRequest[] | 'close'

/** First whether the journal has opened; then the answers to requests, or why they were refused, in order. */
export type FromThread =
  | { readonly opened: OpenedJournal }
  | { readonly fatal: string }
  | {
      readonly answers: readonly unknown[]
      readonly events: CommitEvents | undefined
      readonly seq: number
      /** Why the head file is behind; undefined if it is not. */
      readonly headFailure: string | undefined
    }
  | VerifiedTo
  | { readonly refused: number; readonly why: string }

/** What a start has found out. */
export interface OpenedJournal extends Pick<SqliteJournal, 'id' | 'seq' | 'vouched' | 'notes' | 'verifiedTo'> {}

/** Requests of one commit, at which it takes no more messages; what comes later waits for the next. */
const BATCH = 256
/**
 * If several have asked at once there are more to come: then the next commit begins no sooner than this many ms after the one before. A
 * commit costs as much as ten orders, and a client that asks alone never waits.
 */
const GATHER_MS = 2
const SEVERAL = 4

/** A cell to wait at; nothing ever wakes who waits there. */
const NEVER = new Int32Array(new SharedArrayBuffer(4))

const port = parentPort!
const send = (message: FromThread): void => port.postMessage(message)

interface Opened {
  readonly journal: SqliteJournal
  readonly service: LedgerService
}

const open = (): Opened | undefined => {
  const { file, followedMax } = workerData as ThreadOptions
  try {
    const journal = new SqliteJournal(file, followedMax)
    const service = openService(file, journal, followedMax)
    const { id, seq, vouched, verifiedTo } = journal
    const notes = [...journal.notes, ...service.notes.map(note => `${file}: ${note}`)]
    send({ opened: { id, seq, vouched, notes, verifiedTo } })
    return { journal, service }
  } catch (error) {
    send({ fatal: (error as Error).message })
    return undefined
  }
}

const openService = (file: string, journal: SqliteJournal, replayedMax: number | undefined): LedgerService => {
  try {
    return new LedgerService(journal, journal, replayedMax)
  } catch (error) {
    journal.close()
    const { message } = error as Error
    throw new JournalError(message.startsWith(file) ? message : `${file}: ${message}; ${REPAIR}`)
  }
}

const serve = ({ journal, service }: Opened): void => {
  let notBefore = 0
  let sound = true
  const stopVerifying = verifyInSlices((workerData as ThreadOptions).file, journal, service.believed, verified => {
    sound &&= !verified.unsound
    send(verified)
  })
  const run = (batch: readonly ClearingRequest[]): void => {
    notBefore = batch.length < SEVERAL ? 0 : performance.now() + GATHER_MS
    try {
      const { answers, events } = service.process(batch)
      send({ answers, events, seq: service.seq, headFailure: journal.headFailure })
    } catch (error) {
      send({ refused: batch.length, why: (error as Error).message })
    }
  }
  port.on('message', (first: ToThread) => {
    const early = notBefore - performance.now()
    if (early > 0) Atomics.wait(NEVER, 0, 0, early)
    let closing = false
    // All that has come by now, not one message a turn.
    for (let message: ToThread | undefined = first; message !== undefined; ) {
      const batch: ClearingRequest[] = []
      for (; message !== undefined && batch.length < BATCH; message = receiveMessageOnPort(port)?.message) {
        if (message === 'close') closing = true
        else batch.push(...message)
      }
      if (batch.length > 0) run(batch)
    }
    if (!closing) return
    stopVerifying()
    try {
      if (sound) service.save()
    } finally {
      journal.close()
      port.close()
    }
  })
}

const opened = open()
if (opened) serve(opened)
