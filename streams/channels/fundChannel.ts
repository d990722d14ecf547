import { FUND } from '../measures/fundFields.ts'
import type { FundRow } from '../measures/rows.ts'
import { showMeasure } from './measureChannel.ts'
import type { Branch } from './stateTree.ts'

/** Returns the writer of `fund:FUND`. */
export const showFund = (root: Branch): ((figures: FundRow) => void) => showMeasure(root, FUND)
