import { type Alert, type AlertEvent, type Cleared, over } from './alert.ts'
import type { Figure, RuleFigures } from './figure.ts'
import type { Judge } from './judge.ts'
import { judgeOf } from './judges.ts'
import { type AlertRule, counterpart } from './rule.ts'

/** Takes what happens to an alert. */
export type Told = (event: AlertEvent, alert: Alert) => void

/**
 * One rule over one channel. It fires when its condition has held long enough, and clears when it has been over long enough. A figure that
 * becomes unknown neither fires nor clears.
 */
export class RuleWatch {
  readonly rule: AlertRule
  readonly channel: string
  /** When (ms) it has to be looked at though nothing changes. */
  dueAt = Number.POSITIVE_INFINITY
  scheduled = Number.POSITIVE_INFINITY
  /** The alert that is open. */
  alert: Alert | undefined
  private readonly figures: RuleFigures
  /** The member that is read, once it is found. Reading it costs nothing then. */
  private plain: Figure | undefined
  private readonly judge: Judge
  private readonly told: Told
  /** The figure until now, and its change that was seen last. */
  private held = Number.NaN
  private seen = -1
  /** Nothing happens while the figure stays within these until `movesAt`. */
  private quietLo = Number.NaN
  private quietHi = Number.NaN
  private movesAt = Number.NEGATIVE_INFINITY
  /** Since when the condition holds, or an open one is over; NaN if it is not. */
  private since = Number.NaN
  private firedAt = Number.NaN

  constructor(rule: AlertRule, channel: string, figures: RuleFigures, told: Told) {
    this.rule = rule
    this.channel = channel
    this.figures = figures
    this.judge = judgeOf(rule.condition)
    this.told = told
  }

  /** Looks at the figure as of the frame `t` (ms). */
  look(t: number): void {
    const { plain } = this
    const value = plain?.present ? plain.asNumber : this.read()
    if (value >= this.quietLo && value <= this.quietHi && t < this.movesAt) {
      this.held = value
      return
    }
    this.learn(t, value)
    if (this.alert === undefined) this.lookQuiet(t, value)
    else this.lookOpen(t, value, this.alert)
    this.settle(t)
  }

  /** Takes in a value of the past, without firing. */
  remember(t: number, value: number): void {
    this.judge.take(t, value, t, this.held, true)
    this.held = value
  }

  /** Goes on with an alert that was open before this start. */
  resume(alert: Alert): void {
    this.alert = alert
    this.firedAt = alert.since
    this.judge.opened?.(alert.evidence)
    this.settle(alert.since)
  }

  /** Makes the open alert part of a market alert. Returns it. */
  join(t: number, market: string): Alert {
    const alert = this.alert!
    this.alert = { ...alert, t, step: alert.t === t ? alert.step : alert.step + 1, market }
    return this.alert
  }

  /** Ends the alert that is open, if there is one. */
  clear(t: number, why: Cleared): void {
    const { alert } = this
    if (alert === undefined) return
    this.alert = undefined
    this.since = Number.NaN
    this.told('cleared', over(alert, t, why))
  }

  private read(): number {
    this.plain = this.figures.plain()
    return this.figures.value()
  }

  private learn(t: number, value: number): void {
    const changed = this.figures.changed()
    this.judge.take(t, value, this.figures.at(), this.held, changed !== this.seen)
    this.seen = changed
    if (!Number.isNaN(value)) this.held = value
  }

  private lookQuiet(t: number, value: number): void {
    if (!this.judge.fires(t, value) || !this.figures.counts()) {
      this.since = Number.NaN
      return
    }
    if (Number.isNaN(this.since)) this.since = t
    if (t - this.since < this.rule.forMs) return
    const { id, severity, figure, confirmMs, against, channel } = this.rule
    const evidence = this.judge.evidence(value)
    this.since = Number.NaN
    this.firedAt = t
    this.alert = {
      ...{ id: `${id}@${this.channel}@${t}`, rule: id, channel: this.channel, figure, severity, since: t, t, step: 0 },
      ...{ state: 'open', confirmed: confirmMs === 0, times: 1, evidence },
      ...(against && { against: counterpart(against.channel, channel, this.channel) }),
    }
    this.judge.opened?.(evidence)
    this.told('opened', this.alert)
  }

  private lookOpen(t: number, value: number, alert: Alert): void {
    const { rule, judge } = this
    if (judge.mayFireAgain && judge.fires(t, value) && this.figures.counts()) {
      const evidence = judge.evidence(value)
      this.firedAt = t
      this.since = Number.NaN
      judge.opened?.(evidence)
      this.change('again', { ...alert, t, step: alert.step + 1, times: alert.times + 1, evidence })
      return
    }
    if (!judge.clears(t, value)) this.since = Number.NaN
    else if (Number.isNaN(this.since)) this.since = t
    if (t - this.since >= rule.clearForMs) this.clear(t, 'back')
    else if (t - this.firedAt >= (judge.lastsMs ?? Number.POSITIVE_INFINITY)) this.clear(t, 'new level')
    else if (!alert.confirmed && t - alert.since >= rule.confirmMs)
      this.change('confirmed', { ...alert, t, step: alert.step + 1, confirmed: true })
  }

  private change(event: AlertEvent, alert: Alert): void {
    this.alert = alert
    this.told(event, alert)
  }

  /** Says when it has to be looked at next, after `t` (ms). */
  private settle(t: number): void {
    const { rule, judge, alert } = this
    if (alert === undefined) {
      const pending = !Number.isNaN(this.since)
      const dueAt = pending ? this.since + rule.forMs : judge.dueAt(false)
      this.dueAt = dueAt > t ? dueAt : Number.POSITIVE_INFINITY
      this.quietLo = pending ? Number.NaN : judge.quietLo
      this.quietHi = judge.quietHi
      this.movesAt = judge.movesAt
      return
    }
    this.quietLo = Number.NaN
    this.dueAt = Math.min(
      judge.dueAt(true),
      Number.isNaN(this.since) ? Number.POSITIVE_INFINITY : this.since + rule.clearForMs,
      alert.confirmed ? Number.POSITIVE_INFINITY : alert.since + rule.confirmMs,
      this.firedAt + (judge.lastsMs ?? Number.POSITIVE_INFINITY),
    )
  }
}
