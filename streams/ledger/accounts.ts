/** Returns the account of a client, by name. An account holds assets, and shares of funds. */
export const clientAccount = (client: string): string => `client:${client}`
/** Returns the account of what a fund owns. */
export const custodyAccount = (fund: string): string => `custody:${fund}`
/** Returns the account that owes the shares of a fund: its balance is minus the shares outstanding. */
export const issuedAccount = (fund: string): string => `issued:${fund}`
/** The account that deposits, withdrawals and the first assets of a fund come from and go to. */
export const OUTSIDE = 'outside'
/** The account of all fees on orders. */
export const FEES = 'fees'
/** The account that funds trade with; it also gets the fees of those trades. */
export const MARKET = 'market'
/** The client that holds a fund's first shares. */
export const SPONSOR = 'sponsor'

const SHARE = 'share:'
/** Returns the name under which the shares of a fund lie in an account. */
export const shareAsset = (fund: string): string => SHARE + fund
/** Returns the fund whose shares these are; undefined for an asset. */
export const fundOfShares = (asset: string): string | undefined => (asset.startsWith(SHARE) ? asset.slice(SHARE.length) : undefined)

/** What decisions read of the accounts. Amounts in 10⁻¹⁸. */
export interface Balances {
  /** Returns the balance of an asset in an account. */
  balance(account: string, asset: string): bigint
  /** Returns all balances of an account that are not zero, by asset. */
  holdings(account: string): ReadonlyMap<string, bigint>
  /** Returns the shares of a fund outstanding. */
  shares(fund: string): bigint
}
