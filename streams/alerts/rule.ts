import type { Severity } from '../wire/alerts.ts'

/** A figure of a channel's state: `inav.mid` of `fund:TOP10`. */
export interface FigureName {
  readonly channel: string
  readonly figure: string
}

/** Which side of a bound is watched. */
export type Watched = 'above' | 'below' | 'both'

/** A figure beyond a fixed bound: above `hi` or below `lo`. It clears when it is back between `clearLo` and `clearHi`, which lie within. */
export interface Beyond {
  readonly kind: 'beyond'
  readonly lo: number
  readonly hi: number
  readonly clearLo: number
  readonly clearHi: number
}

/** A figure that has moved by the fraction `by` within `withinMs`. It clears when it has moved by less than `clear` within as long. */
export interface Moved {
  readonly kind: 'moved'
  readonly by: number
  readonly withinMs: number
  readonly clear: number
  readonly side: Watched
}

/**
 * A figure that lies away from the median of its past by more than max(`least`, `mads` × 1.4826 × MAD): one sample in `everyMs`, over `window`
 * of them. 1.4826 makes the median absolute deviation of normal values their standard deviation (Rousseeuw and Croux, 1993).
 */
export interface Deviates {
  readonly kind: 'deviates'
  readonly mads: number
  /** In the unit of the figure; in logarithms if `logs`. */
  readonly least: number
  readonly everyMs: number
  /** Samples that the median is taken of, and how many of them there must be. */
  readonly window: number
  readonly samples: number
  readonly side: Watched
  /** Whether logarithms are compared. */
  readonly logs: boolean
  /** Whether it is the change from one sample to the next that is compared. */
  readonly change: boolean
  /** The part of the distance within which it clears. Of a change: it clears when the figure is back within this fraction of what it was before. */
  readonly clear: number
  /** ms after which a change counts as the new level, and the alert clears. */
  readonly lastsMs: number
  /** The figure that is the time (ms) of the sample; without it a figure counts until it changes. */
  readonly at?: string
}

/** A figure that has not changed for `ms`. */
export interface Stale {
  readonly kind: 'stale'
  readonly ms: number
}

/** A figure that is this text or boolean. */
export interface Is {
  readonly kind: 'is'
  readonly value: string | boolean
}

/** When a rule fires. */
export type Condition = Beyond | Moved | Deviates | Stale | Is

/** A rule over a figure of one channel, or of all channels whose names begin alike. */
export interface AlertRule {
  readonly id: string
  /** A channel's name, or the beginning of names with `*` behind it: `pool:*`. */
  readonly channel: string
  readonly figure: string
  readonly condition: Condition
  /** What is judged is the figure ÷ this one − 1. */
  readonly against?: FigureName
  /** What is judged counts only while this figure of the same channel is above a value. */
  readonly only?: { readonly figure: string; readonly above: number }
  readonly severity: Severity
  /** ms that the condition has to hold before it fires, and to be over before it clears. */
  readonly forMs: number
  readonly clearForMs: number
  /** ms for which an alert counts as unconfirmed. */
  readonly confirmMs: number
  /** Alerts of this rule about this number of channels within `withinMs` are one market alert. */
  readonly together?: { readonly atLeast: number; readonly withinMs: number }
}

/** Returns whether a rule is about the channel of that name. */
export const isAbout = ({ channel: pattern }: Pick<AlertRule, 'channel'>, name: string): boolean =>
  isPattern(pattern) ? name.startsWith(pattern.slice(0, -1)) : name === pattern

/** Returns the channel that one is held against by a rule about `pattern`: `*` in its name stands for what the pattern's `*` stands for. */
export const counterpart = (against: string, pattern: string, channel: string): string =>
  isPattern(pattern) ? against.replace('*', channel.slice(pattern.length - 1)) : against

/** Returns whether it stands for all channels whose names begin alike. */
export const isPattern = (channel: string): boolean => channel.endsWith('*')
