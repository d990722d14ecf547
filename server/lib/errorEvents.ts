import type { Logger } from 'pino'

/**
 * Every line of the log that asks for action: the name that alerts and searches rely on, which stays, and the text for people, which may
 * change. docs/operations.md says what to do about each.
 */
export const ERROR_EVENTS = {
  cannot_start: 'cannot start',
  cannot_go_on: 'cannot go on',
  stop_step_failed: 'a step of the stop failed',
  engine_does_not_end: 'the engine does not end what it is doing: the process kills itself, and what is on the disk is kept',
  request_failed: 'a request failed',
  answer_cut_short: 'an answer ended before it was complete',
  key_pair_refused: 'the new certificate and key cannot be used; the old ones stay',
  past_failed: 'rows of the past failed',
  journal_cut_short: 'the journal ends before an entry that does not follow',
  entries_lost: 'entries are lost: neither the file nor the copy in ClickHouse has them whole',
  passwords_lost: 'passwords are lost: enter these users in the file of clients again',
  postings_left_out: 'ClickHouse does not take the postings of entries: they are copied without them',
  engine_parts_lost: 'the engine set parts aside that it cannot read: their rows are lost',
  spool_refuses: 'the spool does not take a file; retrying',
  spool_file_short: 'a file of the spool is shorter than it was: set aside',
  spool_rows_lost: 'rows are lost: the spool took no file until the end',
  rows_set_aside: 'ClickHouse does not take these rows: set aside',
  rows_removed: 'ClickHouse does not take these rows: removed',
  rows_lost: 'rows are lost: ClickHouse did not take them until the end',
  gap_not_kept: 'the disk does not take a gap: a kill before it is stored would lose it',
  webhook_gave_up: 'a webhook has not taken an alert, and will not get it again',
  alert_not_kept: 'the disk does not take what happened to alerts: a kill before it is stored would lose it',
  record_ended: 'the record of frames ends here: the disk does not take it',
  fund_not_shown: 'a fund of the journal does not fit the configuration: it is not shown',
  fill_not_booked: 'a fill cannot be booked; the fund is halted until somebody has looked',
  fill_unreadable: 'found a fill that cannot be read',
  rebalance_step_failed: 'a step of a rebalance could not be written down; retrying',
  exchange_ended: 'the process of the exchange ended; restarting it',
  exchange_not_started: 'the process of the exchange does not start',
  chain_taken_back:
    'the chain was taken back farther than it was kept: read again from this block on; what rests on older ones may be of another chain',
} as const

/** The name of a line that asks for action. */
export type ErrorEvent = keyof typeof ERROR_EVENTS

/** Writes a line of level error: `event`, what is known of it, and its text. */
export const logError = (log: Pick<Logger, 'error'>, event: ErrorEvent, facts: object = {}): void =>
  log.error({ event, ...facts }, ERROR_EVENTS[event])

/** Writes a line of level fatal, after which the process ends. */
export const logFatal = (log: Pick<Logger, 'fatal'>, event: ErrorEvent, facts: object = {}): void =>
  log.fatal({ event, ...facts }, ERROR_EVENTS[event])
