import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { type ClearingRequest, type CommitEvents, LedgerService } from './ledgerService.ts'

/** The thread in which the clearing house works: whatever has come while a commit ran is the next one. */

export interface ThreadOptions {
  readonly file: string
  readonly repair: boolean
}

/** Requests, which are answered in their order; or the end. */
export type ToThread = readonly ClearingRequest[] | 'close'

export type FromThread =
  | { readonly opened: { readonly id: string; readonly seq: number } }
  | { readonly fatal: string }
  | { readonly answers: readonly unknown[]; readonly news: CommitEvents | undefined; readonly seq: number }
  | { readonly refused: number; readonly why: string }

/** Requests of one commit, at which it takes no more messages; what comes later waits for the next. */
const BATCH = 256
/**
 * Where several have asked at once there are more to come: the next commit begins no sooner than so many ms after this one began. Each costs
 * as much as ten orders, and who asks alone never waits.
 */
const GATHER_MS = 2
const SEVERAL = 4

/** Nobody wakes who waits at it. */
const NEVER = new Int32Array(new SharedArrayBuffer(4))

const port = parentPort!
const say = (message: FromThread): void => port.postMessage(message)

const open = (): { journal: SqliteJournal; desk: LedgerService } | undefined => {
  const { file, repair } = workerData as ThreadOptions
  try {
    const journal = new SqliteJournal(file, repair)
    const desk = new LedgerService(journal)
    say({ opened: { id: journal.id, seq: journal.seq } })
    return { journal, desk }
  } catch (error) {
    say({ fatal: (error as Error).message })
    return undefined
  }
}

const serve = ({ journal, desk }: { journal: SqliteJournal; desk: LedgerService }): void => {
  let notBefore = 0
  const run = (batch: readonly ClearingRequest[]): void => {
    notBefore = batch.length < SEVERAL ? 0 : performance.now() + GATHER_MS
    try {
      say({ ...desk.process(batch), seq: desk.seq })
    } catch (error) {
      say({ refused: batch.length, why: (error as Error).message })
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
    try {
      desk.keep()
    } finally {
      journal.close()
      port.close()
    }
  })
}

const opened = open()
if (opened) serve(opened)
