import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { JournalError, REPAIR } from '../journal/journalError.ts'
import type { LedgerPlace } from '../journal/redis/redisJournal.ts'
import type { RedisLogLine } from '../journal/redis/redisThread.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import type { CommandTimes } from '../lib/activeTrace.ts'
import type { HouseJournal, Leading } from './houseJournal.ts'
import { LedgerService } from './ledgerService.ts'
import type { ClearingRequest, CommitEvents } from './port.ts'
import { type VerifiedTo, verifyInSlices } from './verifyInSlices.ts'

/** The thread in which the clearing house works: all that has come while a commit ran is the next one. */

/** Which journal the thread opens. */
export interface ThreadOptions {
  readonly file: string
  /** Entries of a journal that is followed from its first entry before it opens; of a longer one the rest is followed afterwards. */
  readonly followedMax?: number
  /** The ledger lies in Redis, and the file is this core's copy; undefined: the file is the ledger. */
  readonly redis?: Pick<LedgerPlace, 'address' | 'mayLose' | 'repairs'>
}

/** Requests, which are answered in their order; or the end. */
export type ToThread = readonly ClearingRequest[] | 'close'

/** First whether the journal has opened; then the answers to requests, or why they were refused, in order. */
export type FromThread =
  | { readonly opened: OpenedJournal }
  /** Another core leads: this one has all its entries, up to this number. */
  | { readonly following: number }
  /** Why the journal does not open, or can no longer be used. */
  | { readonly fatal: string }
  | RedisLogLine
  | {
      readonly answers: readonly unknown[]
      readonly events: CommitEvents | undefined
      readonly seq: number
      /** Why the head file is behind; undefined if it is not. */
      readonly headFailure: string | undefined
      /** How this core leads others; undefined if there are none. */
      readonly leading: Pick<Leading, 'healed' | 'replicas'> | undefined
      /** Of these requests, for those that are traced. */
      readonly times: CommandTimes
    }
  | VerifiedTo
  | { readonly refused: number; readonly why: string }

/** What a start has found out. */
export interface OpenedJournal extends Pick<SqliteJournal, 'id' | 'seq' | 'vouched' | 'notes' | 'verifiedTo'> {
  /** The term in which this core leads the others; undefined if there are none. */
  readonly term: number | undefined
}

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
  readonly journal: HouseJournal
  readonly service: LedgerService
}

const options = workerData as ThreadOptions
const { file, followedMax } = options

const open = async (): Promise<Opened> => {
  if (options.redis !== undefined) {
    const { followLedger } = await import('./followLedger.ts')
    return followLedger({ file, followedMax, ...options.redis }, openService, send)
  }
  const journal = new SqliteJournal(file, followedMax === undefined ? {} : { followedMax })
  return { journal, service: openService(journal) }
}

/** Reads a journal, which nobody can use if its entries do not follow. */
/** Turns times of this thread's clock into those that other threads know. */
const timesOf = (begun: number, decided: number, committed: number): CommandTimes => {
  const { timeOrigin } = performance
  return { begun: timeOrigin + begun, decided: timeOrigin + decided, committed: timeOrigin + committed }
}

const openService = (journal: HouseJournal): LedgerService => {
  try {
    return new LedgerService(journal, journal, followedMax)
  } catch (error) {
    journal.close()
    const { message } = error as Error
    throw new JournalError(message.startsWith(file) ? message : `${file}: ${message}; ${REPAIR}`)
  }
}

const serve = ({ journal, service }: Opened): void => {
  let notBefore = 0
  let sound = true
  const { id, seq, vouched, verifiedTo, leading } = journal
  const notes = [...journal.notes, ...service.notes.map(note => `${file}: ${note}`)]
  send({ opened: { id, seq, vouched, notes, verifiedTo, term: leading?.term } })
  const stopVerifying = verifyInSlices(file, journal, service.believed, verified => {
    sound &&= !verified.unsound
    send(verified)
  })
  /** Nothing of it can be known any more to hold: others lead, or have what this core has not. */
  const end = (fatal: string): void => {
    stopVerifying()
    send({ fatal })
    journal.close()
    port.close()
  }
  const run = (batch: readonly ClearingRequest[]): void => {
    notBefore = batch.length < SEVERAL ? 0 : performance.now() + GATHER_MS
    try {
      const doubt = leading?.unsure()
      if (doubt !== undefined) throw new JournalError(doubt)
      const commits = leading?.commits
      const begun = performance.now()
      const { answers, events } = service.process(batch)
      // A commit shows that it leads. What was only read may be old, if it was stopped meanwhile and another has led since.
      const late = leading?.commits === commits ? leading?.unsure() : undefined
      if (late !== undefined) throw new JournalError(late)
      const times = timesOf(begun, service.decidedAt, performance.now())
      const { healed = 0, replicas = 0 } = leading ?? {}
      const led = leading && { healed, replicas }
      send({ answers, events, seq: service.seq, headFailure: journal.headFailure, leading: led, times })
    } catch (error) {
      if (leading?.ended === undefined) send({ refused: batch.length, why: (error as Error).message })
    }
  }
  void leading?.lost.then(end)
  port.on('message', (first: ToThread) => {
    if (leading?.ended !== undefined) return
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

void open().then(serve, (error: Error) => send({ fatal: error.message }))
