/** The journal cannot be used: another process holds it, it is damaged, or it cannot be written. The text says which. */
export class JournalError extends Error {}
