import type { Logger } from 'pino'
import { monthsFrom } from '../../../streams/analytics/scoring/months.ts'
import type { Verdict } from '../../../streams/analytics/shownModels.ts'
import { compared, hasFallen, type Ics } from '../../../streams/analytics/validation/compare.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { icsOf, recordOutcomes } from '../scores/outcomeStore.ts'
import type { Registry } from './registry.ts'

/** When a model gives way to another: fixed beforehand, in the configuration. */
export interface Rules {
  /** ms after which a model is trained on what has come since; 0 for never. */
  readonly retrainMs: number
  /** Lists that champion and challenger have to have scored, whose outcomes are known, before a verdict counts. */
  readonly promoteAfter: number
}

/** What the judge needs. */
export interface JudgeOptions {
  readonly engine: Promise<Engine>
  readonly registry: Registry
  readonly simulated: boolean
  readonly everyMs: number
  readonly horizons: readonly number[]
  readonly rules: Rules
  readonly log: Logger
}

/** Months of live scores that are looked at. */
const LIVE_MONTHS = 6
const MONTH_MS = 30.44 * 86_400_000
/** After a fallen IC led to a training, the next one waits so long. */
const REST_MONTHS = 1

/** Records what became of scores, compares champion and challenger by that, and lets the rules decide: promotion, and when to train again. */
export class Judge {
  private readonly options: JudgeOptions

  constructor(options: JudgeOptions) {
    this.options = options
  }

  /** Judges by what is known at `t` (ms). */
  async judge(t: number): Promise<void> {
    const { simulated, horizons, registry, rules } = this.options
    const engine = await this.options.engine
    await recordOutcomes(engine, simulated, t)
    for (const horizon of horizons) {
      const champion = registry.used('champion', horizon)
      if (champion === undefined) {
        await this.trainFirst(horizon, t)
        continue
      }
      const challenger = registry.used('challenger', horizon)
      const own = await icsOf(engine, { simulated, horizon, version: champion.version }, champion.t)
      const other = challenger && (await icsOf(engine, { simulated, horizon, version: challenger.version }, challenger.t))
      const comparison = other && compared(own, other, this.blockOf(horizon))
      registry.judged(
        horizon,
        new Map([[champion.version, own], ...(challenger && other ? [[challenger.version, other] as const] : [])]),
        comparison,
      )
      if (challenger && comparison?.verdict === 'challenger' && comparison.days >= rules.promoteAfter)
        await registry.alias('champion', challenger.version, { t, who: 'the rule', why: promotion(comparison) })
      await this.retrain(horizon, t, own)
    }
  }

  /** Trains the first model of a horizon as soon as enough is known. One that was not kept is tried again when a training is due. */
  private async trainFirst(horizon: number, t: number): Promise<void> {
    const { registry, simulated, rules, log } = this.options
    if (simulated || rules.retrainMs === 0 || (await registry.lacks(horizon, t)) !== undefined) return
    const last = (await registry.trials(1, horizon))[0]
    if (last !== undefined && t - last.t < rules.retrainMs) return
    const { version, warnings } = await registry.train({ horizon, seed: 1, who: 'the schedule', t })
    log.info({ horizon, version, warnings }, 'the first model was trained')
  }

  /** Trains again if a training is due, or if the champion's scores are no longer what they were held to be. */
  private async retrain(horizon: number, t: number, live: Ics): Promise<void> {
    const { registry, rules, log } = this.options
    const last = (await registry.trials(1, horizon))[0]
    const age = t - (last?.t ?? 0)
    const due = rules.retrainMs > 0 && age >= rules.retrainMs
    if (!due && !(rules.retrainMs > 0 && age >= REST_MONTHS * MONTH_MS && this.hasFallen(horizon, t, live))) return
    const { version, warnings } = await registry.train({ horizon, seed: 1, who: 'the schedule', t })
    log.info({ horizon, version, warnings, why: due ? 'due' : 'the live IC has fallen' }, 'a model was trained')
  }

  private hasFallen(horizon: number, t: number, live: Ics): boolean {
    const from = monthsFrom(t, -LIVE_MONTHS - horizon)
    const recent = [...live].filter(([time]) => time >= from)
    const covered = recent.length * this.options.everyMs
    if (covered < LIVE_MONTHS * MONTH_MS * 0.9) return false
    const champion = this.options.registry.used('champion', horizon)!
    const card = this.options.registry.list.find(({ version }) => version === champion.version)?.card
    const validated = card?.validation.models.ensemble?.bySnapshot.map(({ ic }) => ic) ?? []
    return hasFallen(
      recent.map(([, ic]) => ic),
      LIVE_MONTHS,
      validated,
      Math.max(3, 2 * horizon),
    )
  }

  /** Lists of two horizons: as far outcomes overlap, and as far what is not known of them hangs together. */
  private blockOf(horizon: number): number {
    return Math.max(3, Math.round((2 * horizon * MONTH_MS) / this.options.everyMs))
  }
}

const promotion = ({ days, difference }: Verdict): string =>
  `IC above the champion's by ${difference!.mean.toFixed(3)}, 95 % ${difference!.low.toFixed(3)} to ${difference!.high.toFixed(3)}, on ${days} lists`
