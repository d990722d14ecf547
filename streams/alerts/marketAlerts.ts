import { type Alert, over } from './alert.ts'
import type { AlertRule } from './rule.ts'
import type { Told } from './ruleWatch.ts'

/** Alerts of a rule that fire together are one market alert: at least `atLeast` channels within `withinMs`. */
export class MarketAlerts {
  private readonly rule: AlertRule
  private readonly told: Told
  /** Market alerts that are open, by their ids, with the channels whose alerts are still open. */
  private readonly open = new Map<string, { alert: Alert; members: Set<string> }>()
  /** Channel → when it fired, if that is in no market alert. */
  private readonly lone = new Map<string, number>()
  /** The market alert that takes in what fires now. */
  private newest: string | undefined

  constructor(rule: AlertRule, told: Told) {
    this.rule = rule
    this.told = told
  }

  /**
   * Takes the alerts of the rule that have fired in the frame `t` (ms), and the channels whose alerts are over. Returns the id of the market
   * alert that each channel is now part of, for those that have come into one.
   */
  take(t: number, fired: readonly Alert[], gone: readonly string[]): ReadonlyMap<string, string> {
    const { atLeast, withinMs } = this.rule.together!
    for (const channel of gone) this.leave(channel)
    for (const { channel } of fired) this.lone.set(channel, t)
    for (const [channel, at] of this.lone) if (t - at > withinMs) this.lone.delete(channel)
    const running = this.newest === undefined ? undefined : this.open.get(this.newest)
    const joins = new Map<string, string>()
    if (fired.length > 0 && running !== undefined && t - running.alert.since <= withinMs) this.join(t, running, joins)
    else if (fired.length > 0 && this.lone.size >= atLeast) this.begin(t, joins)
    for (const [id, { alert, members }] of this.open) {
      if (members.size > 0) continue
      this.open.delete(id)
      this.told('cleared', over(alert, t, 'back'))
    }
    return joins
  }

  /** Goes on with a market alert that was open before this start; `members` are the channels whose alerts in it are open. */
  resume(alert: Alert, members: Iterable<string>): void {
    this.open.set(alert.id, { alert, members: new Set(members) })
    if (this.newest === undefined || alert.since > this.open.get(this.newest)!.alert.since) this.newest = alert.id
  }

  private begin(t: number, joins: Map<string, string>): void {
    const { id: rule, channel, figure, severity, against } = this.rule
    const id = `${rule}@market@${t}`
    const members = [...this.lone.keys()].sort()
    const alert: Alert = {
      ...{ id, rule, channel, figure, severity, since: t, t, step: 0, state: 'open', confirmed: true, times: 1 },
      ...{ evidence: { channels: members.length }, members, ...(against && { against: against.channel }) },
    }
    this.open.set(id, { alert, members: new Set() })
    this.newest = id
    this.bring(id, members, joins)
    this.told('opened', alert)
  }

  private join(t: number, group: { alert: Alert; members: Set<string> }, joins: Map<string, string>): void {
    const { alert } = group
    const coming = [...this.lone.keys()]
    const members = [...new Set([...alert.members!, ...coming])].sort()
    this.bring(alert.id, coming, joins)
    group.alert = { ...alert, t, step: alert.step + 1, evidence: { channels: members.length }, members }
    this.told('joined', group.alert)
  }

  private bring(id: string, channels: readonly string[], joins: Map<string, string>): void {
    for (const channel of channels) {
      this.leave(channel)
      this.open.get(id)!.members.add(channel)
      joins.set(channel, id)
    }
  }

  private leave(channel: string): void {
    this.lone.delete(channel)
    for (const { members } of this.open.values()) members.delete(channel)
  }
}
