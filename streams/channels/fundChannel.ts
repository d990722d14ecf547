import { formatDecimal } from '../lib/decimal.ts'
import type { FundRow } from '../measures/rows.ts'
import type { Branch, NumberLeaf } from './stateTree.ts'

/** `fund:FUND`. Shares and units are owned: exact decimal strings. The rest are measures. */
export const showFund = (root: Branch): ((row: FundRow) => void) => {
  const nav = root.number('nav')
  const inav = root.branch('inav')
  const inavBid = inav.number('bid')
  const inavMid = inav.number('mid')
  const inavAsk = inav.number('ask')
  const inavAge = inav.exact('age')
  const aum = root.number('aum')
  const shares = root.value('shares')
  const level = root.number('level')
  const units = root.branch('units')
  const prices = leavesOf(root.branch('prices'))
  const weights = leavesOf(root.branch('weights'))
  const target = leavesOf(root.branch('target'))
  const drift = leavesOf(root.branch('drift'))
  const totalDrift = root.number('totalDrift')
  const maxDrift = root.number('maxDrift')
  const rebalance = root.branch('rebalance')
  const needed = rebalance.value('needed')
  const reason = rebalance.value('reason')
  const since = rebalance.exact('since')
  const last = rebalance.exact('last')
  const market = root.number('market')
  const premium = root.number('premium')
  const pending = root.branch('pending')
  const halted = root.value('halted')
  const stale = root.value('stale')
  let shownShares: bigint | undefined
  const shownUnits: (bigint | undefined)[] = []
  return row => {
    nav.set(row.nav)
    inavBid.set(row.inavBid)
    inavMid.set(row.inavMid)
    inavAsk.set(row.inavAsk)
    inavAge.set(row.inavAge)
    aum.set(row.aum)
    if (row.shares !== shownShares) shares.set(row.shares === undefined ? undefined : formatDecimal(row.shares))
    shownShares = row.shares
    level.set(row.level)
    const { constituents } = row
    for (let i = 0; i < constituents.length; i++) {
      const c = constituents[i]!
      if (c.units !== shownUnits[i]) {
        units.value(c.asset).set(c.units === undefined ? undefined : formatDecimal(c.units))
        shownUnits[i] = c.units
      }
      prices(c.asset, i).set(c.price)
      weights(c.asset, i).set(c.weight)
      target(c.asset, i).set(c.target)
      drift(c.asset, i).set(c.drift)
    }
    totalDrift.set(row.totalDrift)
    maxDrift.set(row.maxDrift)
    needed.set(row.rebalanceNeeded)
    reason.set(row.rebalanceReason || undefined)
    since.set(row.rebalanceSince)
    last.set(row.rebalanceLast)
    market.set(row.market)
    premium.set(row.premium)
    for (const asset of row.pending) pending.value(asset).set('no price yet')
    if (row.pending.length === 0) pending.remove()
    else if (pending.size > row.pending.length) pending.retain(asset => row.pending.includes(asset))
    halted.set(row.halted)
    stale.set(row.stale)
  }
}

/** The leaves of a map by asset, found by place while the order of the assets stays what it was. */
const leavesOf = (branch: Branch): ((asset: string, place: number) => NumberLeaf) => {
  const leaves: NumberLeaf[] = []
  return (asset, place) => {
    const leaf = leaves[place]
    if (leaf?.key === asset) return leaf
    leaves[place] = branch.number(asset)
    return leaves[place]
  }
}
