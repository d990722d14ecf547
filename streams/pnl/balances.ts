import { toNumber } from '../lib/decimal.ts'
import { unreachable } from '../lib/unreachable.ts'
import { converted, type Ratio } from '../market/assetEvent.ts'
import type { AccountBalances } from '../measures/rows.ts'
import type { Transaction } from './transaction.ts'

/**
 * What lies in each account and wallet of a portfolio, exact: every row counts here, even one whose price is unknown. A balance below zero
 * shows that a row is missing. Money moves with purchases, sales and fees if the portfolio keeps a balance of it.
 */
export class Balances {
  /** Account → asset → 10⁻¹⁸; an account without a name is ''. */
  readonly byAccount = new Map<string, Map<string, bigint>>()

  /** Books what a row moves of its own asset. */
  move({ type, asset, qty, account, toAccount }: Transaction): void {
    switch (type) {
      case 'buy':
      case 'income':
      case 'deposit':
      case 'gift':
        this.add(account, asset, qty)
        return
      case 'sell':
      case 'withdraw':
      case 'fee':
        this.add(account, asset, -qty)
        return
      case 'transfer':
        this.add(account, asset, -qty)
        this.add(toAccount, asset, qty)
        return
      default:
        unreachable(type)
    }
  }

  /** Counts the balances of an asset in other units, and under the name `to`. */
  convert(asset: string, to: string, ratio: Ratio): void {
    for (const [account, assets] of [...this.byAccount]) {
      const balance = assets.get(asset) ?? 0n
      this.add(account, asset, -balance)
      this.add(account, to, converted(balance, ratio))
    }
  }

  /** Changes a balance, 10⁻¹⁸. */
  add(account: string, asset: string, change: bigint): void {
    if (change === 0n) return
    let assets = this.byAccount.get(account)
    if (assets === undefined) {
      assets = new Map()
      this.byAccount.set(account, assets)
    }
    const balance = (assets.get(asset) ?? 0n) + change
    if (balance === 0n) assets.delete(asset)
    else assets.set(asset, balance)
    if (assets.size === 0) this.byAccount.delete(account)
  }
}

/** Accounts that are shown; of more only the first. */
const ACCOUNTS_MAX = 1_000

/** Returns the balances of each named account; none if rows name no account. */
export const accountsOf = ({ byAccount }: Balances): AccountBalances[] => {
  const accounts: AccountBalances[] = []
  for (const [account, assets] of byAccount) {
    if (account === '') continue
    if (accounts.length === ACCOUNTS_MAX) break
    accounts.push({ account, balances: [...assets].map(([asset, qty]) => [asset, toNumber(qty)] as const) })
  }
  return accounts
}
