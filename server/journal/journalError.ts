/** The file cannot be used: held by another process, damaged, or not to be written. The text says which. */
export class JournalError extends Error {}
