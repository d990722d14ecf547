import { POOL } from '../measures/poolFields.ts'
import type { PoolFigures } from '../measures/rows.ts'
import { showMeasure } from './measureChannel.ts'
import type { Branch } from './stateTree.ts'

/** Returns the writer of `pool:POOL`. */
export const showPool = (root: Branch): ((figures: PoolFigures) => void) => showMeasure(root, POOL)
