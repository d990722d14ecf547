/** The accounts of the clearing house, by name. What is in one is an asset, or the shares of a fund. */

export const clientAccount = (client: string): string => `client:${client}`
export const custodyAccount = (fund: string): string => `custody:${fund}`
export const issuedAccount = (fund: string): string => `issued:${fund}`
/** Deposits, withdrawals and what a fund begins with come from and go to here. */
export const OUTSIDE = 'outside'
export const FEES = 'fees'
/** With whom funds trade, and who takes the fees of that. */
export const MARKET = 'market'
/** The client that holds a fund's first shares. */
export const SPONSOR = 'sponsor'
