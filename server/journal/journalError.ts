/** The journal cannot be used: another process holds it, it is damaged, or it cannot be written. The text says which. */
export class JournalError extends Error {}

/** What to do about a damaged journal, as the end of a message. */
export const REPAIR = 'start with --repair to restore it from the copy in ClickHouse'
