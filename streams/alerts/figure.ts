import type { AlertRule } from './rule.ts'

/** A member of a state. */
export interface Figure {
  /** Whether it is known. */
  readonly present: boolean
  /** It as a number; NaN if it is none. */
  readonly asNumber: number
  /** It as it is, if it is no number. */
  readonly text?: unknown
  /** Another one after each change. */
  readonly changed: number
}

/** A state whose members are found by their paths. */
export interface FigureSource {
  /** Whether nothing of it is known. */
  readonly empty: boolean
  /** Returns the member at a path such as `inav.mid`; undefined if there never was one. */
  find(path: string): Figure | undefined
}

/** Reads one member of a state. Finding it costs something only until it is there. */
class FigureReader {
  private readonly source: FigureSource
  private readonly path: string
  private found: Figure | undefined

  constructor(source: FigureSource, path: string) {
    this.source = source
    this.path = path
  }

  /** The member as a number; NaN if it is unknown. */
  get number(): number {
    return this.member?.asNumber ?? Number.NaN
  }

  /** Another number after each change. */
  get changed(): number {
    return this.member?.changed ?? -1
  }

  /** Returns 1 if the member is this value, else 0; NaN as long as nothing is known of the whole state. */
  is(value: unknown): number {
    const { member } = this
    if (member !== undefined) return member.text === value ? 1 : 0
    return this.source.empty ? Number.NaN : 0
  }

  /** The member; undefined if it is unknown. */
  get member(): Figure | undefined {
    if (this.found?.present) return this.found
    this.found = this.source.find(this.path)
    return this.found?.present ? this.found : undefined
  }
}

/** What a rule reads: its figure, and those that it holds it against. */
export interface RuleFigures {
  /** The member whose number is judged as it is; undefined if there is none yet, or if what is judged is made of it. */
  readonly plain: () => Figure | undefined
  /** Returns what is judged; NaN if it is unknown. */
  readonly value: () => number
  /** The time of the sample, ms. */
  readonly at: () => number
  readonly changed: () => number
  /** Whether the rule counts at present. */
  readonly counts: () => boolean
}

/** Returns what a rule reads of a channel's state; `other` is that of the channel that it is held against. */
export const ruleFigures = (rule: AlertRule, source: FigureSource, other: FigureSource | undefined): RuleFigures => {
  const { condition, against, only } = rule
  const figure = new FigureReader(source, rule.figure)
  const base = other && against && new FigureReader(other, against.figure)
  const at = condition.kind === 'deviates' && condition.at !== undefined ? new FigureReader(source, condition.at) : undefined
  const gate = only && new FigureReader(source, only.figure)
  const isPlain = condition.kind !== 'is' && base === undefined
  return {
    plain: () => (isPlain ? figure.member : undefined),
    value: condition.kind === 'is' ? () => figure.is(condition.value) : base ? () => figure.number / base.number - 1 : () => figure.number,
    at: () => at?.number ?? Number.NaN,
    changed: () => figure.changed,
    counts: () => gate === undefined || gate.number > only!.above,
  }
}
