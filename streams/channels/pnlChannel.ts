import { PNL } from '../measures/pnlFields.ts'
import type { AccountBalances, PnlFigures } from '../measures/rows.ts'
import { showMeasure } from './measureChannel.ts'
import type { Branch } from './stateTree.ts'

/** Returns the writer of `pnl:PORTFOLIO`: the measure, and the balances of accounts, which are not stored. */
export const showPnl = (root: Branch): ((figures: PnlFigures) => void) => {
  const showSums = showMeasure(root, PNL)
  let accounts: Branch | undefined
  let shownAccounts: PnlFigures['accounts'] = []
  return figures => {
    showSums(figures)
    // A new list comes with a transaction only.
    if (figures.accounts === shownAccounts) return
    shownAccounts = figures.accounts
    accounts ??= root.branch('accounts')
    for (const { account, balances } of figures.accounts) showBalances(accounts.branch(account), balances)
    const names = new Set(figures.accounts.map(({ account }) => account))
    accounts.retain(name => names.has(name))
  }
}

const showBalances = (branch: Branch, balances: AccountBalances['balances']): void => {
  for (const [asset, qty] of balances) branch.number(asset).set(qty)
  if (branch.size > balances.length) branch.retain(asset => balances.some(([name]) => name === asset))
}
