import type { Snapshot } from '../journal/journal.ts'
import { REPAIR } from '../journal/journalError.ts'
import type { SqliteJournal } from '../journal/sqliteJournal.ts'
import { StateCheck } from './stateCheck.ts'

/** How far the chain has been followed from the first entry; and the fault that ended that. */
export interface VerifiedTo {
  readonly verifiedTo: number
  readonly fault: string | undefined
  /** The state that the start has believed is not that of the entries: nothing may be done with it. */
  readonly unsound: boolean
}

/** ms of one slice of the verification, and between two: it takes a tenth of the thread, and an order waits for one slice at most. */
const SLICE_MS = 1
const PAUSE_MS = 10
/** ms between two reports of it. */
const REPORT_MS = 500

/**
 * Follows a journal from its first entry on, in slices, unless its start has done that: the chain, and the state that was `believed`. Reports
 * now and then and at the end. Returns how to stop.
 */
export const verifyInSlices = (
  file: string,
  journal: Pick<SqliteJournal, 'verifiedTo' | 'seq' | 'verification'>,
  believed: Snapshot | undefined,
  report: (verified: VerifiedTo) => void,
): (() => void) => {
  if (journal.verifiedTo >= journal.seq && believed === undefined) return () => {}
  const steps = journal.verification()
  const to = journal.seq
  // As long as it is there, the believed state is not confirmed.
  let check = believed && new StateCheck(believed)
  let [verifiedTo, reportedAt] = [0, performance.now()]
  /** Verifies the next entries. Returns whether there were any. */
  const verify = (): boolean => {
    const step = steps.next()
    if (step.done) return false
    if (check?.confirms(step.value.entries)) check = undefined
    verifiedTo = step.value.seq
    return true
  }
  const slice = (): void => {
    const begun = performance.now()
    try {
      while (performance.now() - begun < SLICE_MS) {
        if (verify()) continue
        report({ verifiedTo: to, fault: undefined, unsound: false })
        return
      }
    } catch (error) {
      const { message } = error as Error
      const fault = message.startsWith(file) ? message : `${file}: ${message}; ${REPAIR}`
      report({ verifiedTo, fault, unsound: check !== undefined })
      return
    }
    if (begun - reportedAt >= REPORT_MS) {
      report({ verifiedTo, fault: undefined, unsound: false })
      reportedAt = begun
    }
    timer = setTimeout(slice, PAUSE_MS)
  }
  let timer = setTimeout(slice, PAUSE_MS)
  return () => clearTimeout(timer)
}
