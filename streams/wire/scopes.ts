/** What an operator's token may be good for: custody, definition of funds, the journal, rows of portfolios, prices of the past, statements that read the store. */
export const SCOPES = ['deposits', 'funds', 'audit', 'portfolios', 'prices', 'sql'] as const

/** One of SCOPES. */
export type Scope = (typeof SCOPES)[number]
