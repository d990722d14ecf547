import type { Verdict } from '../shownModels.ts'
import { blockBootstrap, bootstrapMeans } from './bootstrap.ts'

/** Blocks that a comparison needs at least: of fewer an interval says nothing. */
const BLOCKS_MIN = 8
const SEED = 1
/** A live IC below this share of what chance makes of the validated one asks for another model. */
const TAIL = 0.05

/** ICs of one model by the time of the list that was scored, ms. */
export type Ics = ReadonlyMap<number, number>

/**
 * Returns how two models compare on the lists that both have scored: by the paired differences of their ICs, whose interval is that of a block bootstrap with
 * blocks of `block` lists, since outcomes overlap. No verdict unless the interval leaves zero out: a true gap of 0.01 takes years to show.
 */
export const compared = (champion: Ics, challenger: Ics, block: number): Verdict => {
  const times = [...champion.keys()].filter(t => challenger.has(t)).sort((a, b) => a - b)
  const days = times.length
  if (days < BLOCKS_MIN * block) return { verdict: 'none', days }
  const difference = blockBootstrap(
    times.map(t => challenger.get(t)! - champion.get(t)!),
    block,
    SEED,
  )
  return { verdict: difference.low > 0 ? 'challenger' : difference.high < 0 ? 'champion' : 'none', days, difference }
}

/** Returns whether the mean of live ICs over `months` is below what 95 of 100 stretches of that length had in the validation. */
export const hasFallen = (live: readonly number[], months: number, validated: readonly number[], block: number): boolean => {
  if (live.length === 0 || validated.length === 0) return false
  const means = bootstrapMeans(validated, block, months, SEED)
  return live.reduce((sum, ic) => sum + ic, 0) / live.length < means[Math.floor(TAIL * means.length)]!
}
