import { Source } from '../lib/dependencies.ts'
import type { Estimate } from './validation/bootstrap.ts'

/** A model that is used. */
export interface UsedModel {
  readonly version: string
  /** ms: since when, by whom and why it is what it is. */
  readonly since: number
  readonly who: string
  readonly why: string
  /** ms: the newest snapshot that it learnt from. */
  readonly trainedTo: number
  /** Rank correlation out of sample, when it was trained. */
  readonly ic: Estimate
  /** The same of its scores since then; undefined before the first outcome. */
  readonly live?: { readonly ic: number; readonly days: number } | undefined
  readonly simulated: boolean
}

/** How two models compare on the same days. */
export interface Verdict {
  /** `none` until the interval of the difference leaves zero out. */
  readonly verdict: 'none' | 'challenger' | 'champion'
  /** Days that both have scored and whose outcomes are known. */
  readonly days: number
  /** The challenger's IC less the champion's; undefined of too few days. */
  readonly difference?: Estimate | undefined
}

/** The models of one horizon. */
export interface UsedModels {
  readonly champion?: UsedModel | undefined
  readonly challenger?: UsedModel | undefined
  readonly comparison?: Verdict | undefined
}

/** Which models are used now, by horizon in months. */
export class ShownModels extends Source {
  byHorizon: ReadonlyMap<number, UsedModels> = new Map()
}
