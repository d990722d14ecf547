import type { Severity } from '../wire/alerts.ts'
import { counterpart } from './rule.ts'

/** What an alert rests on: figures by name. */
export type Evidence = Readonly<Record<string, number | string | boolean>>

/** A rule that has fired about a channel; or, with `members`, about many channels at once. */
export interface Alert {
  /** The same for the same rule, channel and time, however often its data are played. */
  readonly id: string
  readonly rule: string
  /** The channel that it is about; of a market alert what the rule is about: `metrics:*`. */
  readonly channel: string
  readonly figure: string
  /** The channel that the figure is held against; of a market alert as its rule names it: `tick:*-USD`. */
  readonly against?: string
  readonly severity: Severity
  /** When it fired, ms. */
  readonly since: number
  /** When it last changed, ms. */
  readonly t: number
  /** How often it has changed: of two states of one alert the higher one is the newer. */
  readonly step: number
  readonly state: 'open' | 'cleared'
  readonly confirmed: boolean
  /** How often its rule has fired since it is open. */
  readonly times: number
  readonly evidence: Evidence
  /** Why it cleared. */
  readonly why?: Cleared
  /** Id of the market alert that it is part of. */
  readonly market?: string
  /** Of a market alert: the channels that it is about. */
  readonly members?: readonly string[]
}

/** Samples of the past of a figure that a rule takes a median of: times (ms) and values, in order of time. */
export interface RuleSamples {
  readonly rule: string
  readonly channel: string
  readonly samples: readonly (readonly [t: number, value: number])[]
}

/** Why an alert cleared: the figure is back; it has lasted so long that it is the new level; the rule is no more. */
export type Cleared = 'back' | 'new level' | 'no rule'

/** What happens to alerts: one fires, fires again while it is open, has lasted long enough to be believed, gains a member, is over. */
const ALERT_EVENTS = ['opened', 'again', 'confirmed', 'joined', 'cleared'] as const
/** What happens to an alert. */
export type AlertEvent = (typeof ALERT_EVENTS)[number]

/** An alert as it stands after an event. */
export interface AlertChange {
  readonly event: AlertEvent
  readonly alert: Alert
}

/** Returns the channels whose states an alert says something of: it is for those who read all of them. */
export const channelsBehind = ({ channel, members, against }: Pick<Alert, 'channel' | 'members' | 'against'>): string[] =>
  (members ?? [channel]).flatMap(about => [about, ...(against === undefined ? [] : [counterpart(against, channel, about)])])

/** Returns an alert that is over since `t` (ms). */
export const over = (alert: Alert, t: number, why: Cleared): Alert => ({ ...alert, t, step: alert.step + 1, state: 'cleared', why })
