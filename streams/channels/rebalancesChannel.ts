import type { RebalancePlanner } from '../fund/rebalancePlanner.ts'
import type { PlannedTrade } from '../fund/tradePlan.ts'
import type { TradeState } from '../ledger/rebalanceState.ts'
import { formatDecimal, toNumber } from '../lib/decimal.ts'
import type { Branch } from './stateTree.ts'

/**
 * Returns the writer of `rebalances:FUND`: whether the fund's rebalances are executed, the drifts beyond which it needs one, and the running rebalance or the last one; in the mode
 * `propose`, while drift asks for one, the trades of its plan. Amounts and fees are exact decimal strings. `price` is the average of the
 * fills, and before there are any the price of the plan.
 */
export const showRebalances = (root: Branch): ((rebalancing: RebalancePlanner) => void) => {
  const mode = root.value('mode')
  const thresholds = root.branch('thresholds')
  const [asset, relative, total] = [thresholds.number('asset'), thresholds.number('relative'), thresholds.number('total')]
  const status = root.value('status')
  const id = root.exact('id')
  const reason = root.value('reason')
  const since = root.exact('since')
  const ended = root.exact('ended')
  const targets = root.branch('targets')
  const trades = root.branch('trades')
  return ({ state, proposed, fund }) => {
    const shown = proposed ?? state
    const { rebalance: rules } = fund.spec
    mode.set(rules.mode ?? 'off')
    // One that is never exceeded is none.
    asset.set(rules.assetThreshold)
    relative.set(rules.relativeThreshold ?? Number.NaN)
    total.set(rules.totalThreshold)
    if (shown === undefined) {
      for (const leaf of [status, id, reason, since, ended, targets, trades]) leaf.remove()
      return
    }
    const over = shown === state ? state.ended : undefined
    status.set(proposed ? 'proposed' : (over?.outcome ?? 'running'))
    id.set(shown.id)
    reason.set(shown.reason)
    since.set(proposed ? fund.figures.rebalanceSince : state?.since)
    ended.set(over?.t)
    for (const [asset, weight] of Object.entries(shown.targets)) targets.number(asset).set(weight)
    targets.retain(asset => Object.hasOwn(shown.targets, asset))
    trades.keep()
    const names = new Set<string>()
    for (const [i, trade] of (shown.trades as readonly (PlannedTrade | TradeState)[]).entries()) {
      const known = 'status' in trade ? trade : undefined
      const name = known?.id ?? `${shown.id}-${i + 1}`
      names.add(name)
      const branch = trades.branch(name)
      branch.value('side').set(trade.side)
      branch.value('asset').set(trade.asset)
      branch.value('amount').set(formatDecimal(trade.amount))
      const filled = known?.filled ?? 0n
      branch.number('price').set(known && filled > 0n ? toNumber(known.value) / toNumber(filled) : trade.price)
      branch.value('filled').set(filled > 0n ? formatDecimal(filled) : undefined)
      branch.value('fee').set(known && filled > 0n ? formatDecimal(known.fee) : undefined)
      branch.value('status').set(known?.status ?? 'proposed')
      branch.value('why').set(known?.why)
    }
    trades.retain(name => names.has(name))
  }
}
