import type { Alert, AlertChange, RuleSamples } from './alerts/alert.ts'
import type { Alerts } from './alerts/alerts.ts'
import { type FigureSource, ruleFigures } from './alerts/figure.ts'
import { GivenFigures } from './alerts/givenFigures.ts'
import { type AlertRule, counterpart, isAbout, isPattern } from './alerts/rule.ts'
import type { RuleWatch } from './alerts/ruleWatch.ts'
import type { ChannelStates } from './channels/channelStates.ts'
import { channelNames, openChannel } from './channels/registry.ts'
import type { View } from './view.ts'

/** ms between two looks for channels that a pattern stands for and that nothing announces. */
const LOOK_MS = 60_000
/** Rules over channels that are watched at most; any more are counted. */
const WATCHES_MAX = 200_000
const STATUS = 'status'

/** A channel's figures, and the rules over them. */
interface Ruled {
  readonly figures: FigureSource
  readonly watches: RuleWatch[]
  /** Its state was written since the rules looked at it. */
  written: boolean
}

/** Lets rules look at the states of channels at the end of each frame. The states are kept up for them, whether anybody else watches or not. */
export class AlertWatch {
  /** Rules over channels that are not watched because there are too many. */
  private unwatched = 0
  private readonly view: View
  private readonly channels: ChannelStates
  private readonly alerts: Alerts
  private readonly rules: readonly AlertRule[]
  /** Rules about channels that may still come: those of patterns, and of a fund that is defined later. */
  private readonly sought: readonly AlertRule[]
  private readonly ruled = new Map<string, Ruled>()
  private readonly status = new GivenFigures()
  /** The rules of channels whose states were written. */
  private written: Ruled[] = []
  /** For how many symbols and funds, and until when (ms), all channels that rules wait for are known. */
  private known = -1
  private lookAt = Number.NEGATIVE_INFINITY

  constructor(rules: readonly AlertRule[], alerts: Alerts, view: View, channels: ChannelStates) {
    this.rules = rules
    this.alerts = alerts
    this.view = view
    this.channels = channels
    this.sought = rules.filter(rule => isPattern(rule.channel) || this.watch(rule, rule.channel) === undefined)
  }

  /** ms: nothing happens before by time alone. */
  get dueAt(): number {
    return this.view.pastKnown ? this.alerts.dueAt : Number.POSITIVE_INFINITY
  }

  /** Counts: rules, channels that they watch, alerts. */
  get counts(): { rules: number; watched: number; unwatched: number; open: number; opened: number } {
    const { rules, unwatched, alerts } = this
    return { rules: rules.length, watched: alerts.watched, unwatched, open: alerts.book.all.open.size, opened: alerts.opened }
  }

  /** Takes the figures of `status`. */
  give(figures: Readonly<Record<string, number | string | boolean>>): void {
    this.status.give(figures)
    const ruled = this.ruled.get(STATUS)
    if (ruled) this.note(ruled)
  }

  /** Goes on with the alerts that were open before this start, and with what rules knew then. */
  resume(alerts: readonly Alert[], known: readonly RuleSamples[] = []): void {
    const watchOf = ({ rule: id, channel }: Pick<Alert, 'rule' | 'channel'>): RuleWatch | undefined => {
      const rule = this.rules.find(known => known.id === id)
      return rule && isAbout(rule, channel) ? this.watch(rule, channel) : undefined
    }
    for (const of of known) {
      const watch = watchOf(of)
      for (const [t, value] of of.samples) watch?.remember(t, value)
    }
    this.alerts.resume(this.view.t, alerts, watchOf, this.view.changes)
  }

  /** Looks at what was written or is due in the frame `t` (ms). Returns what has happened. */
  endOfFrame(t: number): readonly AlertChange[] {
    if (this.sought.length > 0) this.findChannels(t)
    const { written } = this
    // What was open before the start is not known yet: nothing may fire a second time.
    if (!this.view.pastKnown || (written.length === 0 && this.alerts.dueAt > t)) return NOTHING
    this.written = []
    for (const ruled of written) ruled.written = false
    return this.alerts.judge(t, written, this.view.changes)
  }

  /** Watches the channels that rules wait for and that have come since the last look. */
  private findChannels(t: number): void {
    const known = this.view.market.seen.length + this.view.funds.size
    if (known === this.known && t < this.lookAt) return
    this.known = known
    this.lookAt = t + LOOK_MS
    // Those that found no room are counted again.
    this.unwatched = 0
    for (const name of channelNames(this.view)) for (const rule of this.sought) if (isAbout(rule, name)) this.watch(rule, name)
  }

  /** Returns what watches a channel by a rule; undefined if there is no such channel, or no room. */
  private watch(rule: AlertRule, channel: string): RuleWatch | undefined {
    const ruled = this.open(channel)
    const known = ruled?.watches.find(watch => watch.rule === rule && watch.channel === channel)
    if (ruled === undefined || known) return known
    const other = rule.against && this.open(counterpart(rule.against.channel, rule.channel, channel))
    if (rule.against && other === undefined) return undefined
    if (this.alerts.watched >= WATCHES_MAX) {
      this.unwatched += 1
      return undefined
    }
    const watch = this.alerts.watch(rule, channel, ruleFigures(rule, ruled.figures, other?.figures))
    ruled.watches.push(watch)
    if (other && other !== ruled) other.watches.push(watch)
    return watch
  }

  private open(name: string): Ruled | undefined {
    const known = this.ruled.get(name)
    if (known) return known
    const channel = name === STATUS ? undefined : openChannel(this.view, this.channels, name)
    if (channel === undefined && name !== STATUS) return undefined
    const ruled: Ruled = { figures: channel?.state ?? this.status, watches: [], written: false }
    this.ruled.set(name, ruled)
    channel?.follow(() => this.note(ruled))
    if (channel) {
      // A channel that turns up in a frame is looked at in this frame.
      if (this.view.t > 0) channel.refresh(this.view.t)
      this.view.changes.mark(channel)
    }
    return ruled
  }

  private note(ruled: Ruled): void {
    if (ruled.written) return
    ruled.written = true
    this.written.push(ruled)
  }
}

const NOTHING: readonly AlertChange[] = []
