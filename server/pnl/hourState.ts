import { KNOWN_SUMS, SUMS } from '../../streams/measures/sums.ts'
import type { HourRow } from '../../streams/pnl/hours.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolioSpec.ts'
import { emptyObject, type JsonObject } from '../../streams/wire/mergePatch.ts'

/** Returns the row of an hour as a client gets it: `t` its end, numbers unrounded, unknown figures absent. */
export const hourState = ({ quote, method }: Pick<PortfolioSpec, 'quote' | 'method'>, row: HourRow): JsonObject => {
  const state = emptyObject()
  state.t = row.t
  state.quote = quote
  state.method = method
  const known = emptyObject()
  for (const [i, sum] of SUMS.entries()) {
    put(state, sum, row[sum])
    put(known, sum, row[KNOWN_SUMS[i]!])
  }
  if (Object.keys(known).length > 0) state.known = known
  const assets = emptyObject()
  for (const { asset, ...figures } of row.assets) {
    const shown = emptyObject()
    for (const [name, value] of Object.entries(figures)) put(shown, name, value)
    assets[asset] = shown
  }
  state.assets = assets
  state.unpriced = Object.assign(emptyObject(), Object.fromEntries(row.unpriced))
  state.carried = Object.assign(emptyObject(), Object.fromEntries(row.carried))
  return state
}

const put = (object: JsonObject, name: string, value: number): void => {
  if (!Number.isNaN(value)) object[name] = value
}
