import { setImmediate } from 'node:timers/promises'

/** Rows after which a long loop lets the event loop turn: some milliseconds of work. */
export const ROWS_A_TURN = 4096

/** Resolves after the work that waits for the event loop has had its turn. */
export const yieldTurn = (): Promise<void> => setImmediate()
