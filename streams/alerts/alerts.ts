import type { Changes } from '../lib/dependencies.ts'
import { type Alert, type AlertChange, type AlertEvent, over } from './alert.ts'
import { AlertBook } from './alertBook.ts'
import type { RuleFigures } from './figure.ts'
import { MarketAlerts } from './marketAlerts.ts'
import type { AlertRule } from './rule.ts'
import { RuleWatch } from './ruleWatch.ts'
import { Timers } from './timers.ts'

/** Nothing has happened. */
const NOTHING: readonly AlertChange[] = []

/** Rules over channels, what they have found, and when they have to be looked at. */
export class Alerts {
  readonly book: AlertBook
  /** Rules over channels that are watched. */
  watched = 0
  /** How often one has opened. */
  opened = 0
  private readonly timers = new Timers<RuleWatch>()
  private readonly groups = new Map<string, MarketAlerts>()
  /** Rules and channels whose alerts are open. */
  private readonly open = new Map<string, RuleWatch>()
  private happened: AlertChange[] = []

  /** `isPublic` says whether everybody reads a channel. */
  constructor(rules: readonly AlertRule[], isPublic: (channel: string) => boolean) {
    this.book = new AlertBook(rules.length > 0, isPublic)
    for (const rule of rules) if (rule.together) this.groups.set(rule.id, new MarketAlerts(rule, this.tell))
  }

  /** ms: nothing happens before by time alone. */
  get dueAt(): number {
    return this.timers.dueAt
  }

  /** Watches a channel by a rule. */
  watch(rule: AlertRule, channel: string, figures: RuleFigures): RuleWatch {
    this.watched += 1
    return new RuleWatch(rule, channel, figures, this.tell)
  }

  /**
   * Goes on with alerts that were open before this start; `watchOf` returns what watches the channel of one. One whose rule is no more clears at `t`
   * (ms), with the next that happens.
   */
  resume(t: number, alerts: readonly Alert[], watchOf: (alert: Alert) => RuleWatch | undefined, changes: Changes): void {
    this.book.note(
      alerts.map(alert => ({ event: 'opened', alert })),
      changes,
    )
    for (const alert of alerts) if (!this.resumeOne(alert, alerts, watchOf)) this.tell('cleared', over(alert, t, 'no rule'))
  }

  /** Goes on with one alert; false if its rule is no more. */
  private resumeOne(alert: Alert, all: readonly Alert[], watchOf: (alert: Alert) => RuleWatch | undefined): boolean {
    if (alert.members !== undefined) {
      const members = all.filter(({ market }) => market === alert.id).map(({ channel }) => channel)
      this.groups.get(alert.rule)?.resume(alert, members)
      return this.groups.has(alert.rule)
    }
    const watch = watchOf(alert)
    if (watch === undefined) return false
    watch.resume(alert)
    this.open.set(keyOf(alert), watch)
    this.timers.put(watch)
    return true
  }

  /** Looks at what has `changed` or is due in the frame `t` (ms). Returns what has happened. */
  judge(t: number, changed: readonly { readonly watches: readonly RuleWatch[] }[], changes: Changes): readonly AlertChange[] {
    for (const { watches } of changed) for (const watch of watches) this.look(watch, t)
    if (this.timers.dueAt <= t) for (const watch of this.timers.take(t)) this.look(watch, t)
    if (this.happened.length === 0) return NOTHING
    if (this.groups.size > 0) this.gather(t)
    const { happened } = this
    this.happened = []
    this.book.note(happened, changes)
    return happened
  }

  private look(watch: RuleWatch, t: number): void {
    const { length } = this.happened
    watch.look(t)
    if (watch.dueAt !== Number.POSITIVE_INFINITY) this.timers.put(watch)
    if (this.happened.length === length) return
    const { alert } = this.happened.at(-1)!
    if (alert.state === 'open') this.open.set(keyOf(alert), watch)
    else this.open.delete(keyOf(alert))
  }

  /** Makes market alerts of what has fired together. */
  private gather(t: number): void {
    for (const [rule, group] of this.groups) {
      const own = this.happened.filter(({ alert }) => alert.rule === rule && alert.members === undefined)
      if (own.length === 0) continue
      const of = (...events: AlertEvent[]): Alert[] => own.filter(({ event }) => events.includes(event)).map(({ alert }) => alert)
      const gone = of('cleared').map(({ channel }) => channel)
      for (const [channel, market] of group.take(t, of('opened', 'again'), gone)) this.join(t, rule, channel, market)
    }
  }

  private join(t: number, rule: string, channel: string, market: string): void {
    const watch = this.open.get(keyOf({ rule, channel }))!
    const alert = watch.join(t, market)
    const at = this.happened.findIndex(({ alert: { id } }) => id === alert.id)
    if (at < 0) this.happened.push({ event: 'joined', alert })
    else this.happened[at] = { event: this.happened[at]!.event, alert }
  }

  private readonly tell = (event: AlertEvent, alert: Alert): void => {
    if (event === 'opened') this.opened += 1
    this.happened.push({ event, alert })
  }
}

const keyOf = ({ rule, channel }: Pick<Alert, 'rule' | 'channel'>): string => `${rule} ${channel}`
