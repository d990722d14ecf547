import { setImmediate } from 'node:timers/promises'

/** Rows after which a long loop lets the event loop turn: some milliseconds' worth. */
export const ROWS_A_TURN = 4096

/** Lets everything that waits for the event loop have its turn. */
export const yieldTurn = (): Promise<void> => setImmediate()
