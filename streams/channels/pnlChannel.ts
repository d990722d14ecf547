import type { AccountBalances, AssetPnl, PnlFigures } from '../measures/rows.ts'
import type { Branch } from './stateTree.ts'

const SUMS = ['value', 'cost', 'unrealised', 'realised', 'income', 'expenses', 'fees', 'flows', 'total', 'day'] as const
const ASSET_SUMS = ['qty', 'price', 'avg', 'value', 'cost', 'unrealised', 'realised'] as const

/** `pnl:PORTFOLIO`. */
export const showPnl = (root: Branch): ((row: PnlFigures) => void) => {
  const quote = root.value('quote')
  const method = root.value('method')
  const sums = SUMS.map(key => root.number(key))
  const twr = root.number('twr')
  const drawdown = root.branch('drawdown')
  const drawdownAbs = drawdown.number('abs')
  const drawdownRel = drawdown.number('rel')
  const assets = root.branch('assets').keep()
  const unpriced = root.branch('unpriced').keep()
  const stale = root.value('stale')
  let accounts: Branch | undefined
  let shownAccounts: PnlFigures['accounts'] = []
  const byAsset = new Map<string, (row: AssetPnl) => void>()
  return row => {
    quote.set(row.quote)
    method.set(row.method)
    for (let i = 0; i < sums.length; i++) sums[i]!.set(row[SUMS[i]!])
    twr.set(row.twr)
    drawdownAbs.set(row.drawdownAbs)
    drawdownRel.set(row.drawdownRel)
    for (const asset of row.assets) {
      let show = byAsset.get(asset.asset)
      if (show === undefined) {
        show = showAsset(assets.branch(asset.asset))
        byAsset.set(asset.asset, show)
      }
      show(asset)
    }
    for (const [asset, why] of row.unpriced) unpriced.value(asset).set(why)
    if (unpriced.size > row.unpriced.length) unpriced.retain(asset => row.unpriced.some(([name]) => name === asset))
    stale.set(row.stale)
    // They change with a transaction only, and are then made anew.
    if (row.accounts === shownAccounts) return
    shownAccounts = row.accounts
    accounts ??= root.branch('accounts')
    for (const { account, balances } of row.accounts) showBalances(accounts.branch(account), balances)
    const names = new Set(row.accounts.map(({ account }) => account))
    accounts.retain(name => names.has(name))
  }
}

const showBalances = (branch: Branch, balances: AccountBalances['balances']): void => {
  for (const [asset, qty] of balances) branch.number(asset).set(qty)
  if (branch.size > balances.length) branch.retain(asset => balances.some(([name]) => name === asset))
}

const showAsset = (branch: Branch): ((asset: AssetPnl) => void) => {
  const leaves = ASSET_SUMS.map(key => branch.number(key))
  return asset => {
    for (let i = 0; i < leaves.length; i++) leaves[i]!.set(asset[ASSET_SUMS[i]!])
  }
}
