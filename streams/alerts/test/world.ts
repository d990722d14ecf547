import { Changes } from '../../lib/dependencies.ts'
import type { Alert, AlertChange } from '../alert.ts'
import { Alerts } from '../alerts.ts'
import { type Figure, type FigureSource, ruleFigures } from '../figure.ts'
import type { AlertRule, Condition } from '../rule.ts'
import type { RuleWatch } from '../ruleWatch.ts'

/** A rule over `price` of every `tick:` channel, but for what `others` says. */
export const ruleOf = (condition: Condition, others: Partial<AlertRule> = {}): AlertRule => ({
  id: 'r',
  channel: 'tick:*',
  figure: 'price',
  condition,
  severity: 'warning',
  forMs: 0,
  clearForMs: 0,
  confirmMs: 0,
  ...others,
})

/** A rule that fires above `hi` and clears at `clearHi` or below. */
export const above = (hi: number, clearHi = hi): Condition => ({
  kind: 'beyond',
  lo: Number.NEGATIVE_INFINITY,
  hi,
  clearLo: Number.NEGATIVE_INFINITY,
  clearHi,
})

/** A state whose members a test sets. */
class Members implements FigureSource {
  private readonly members = new Map<string, { present: boolean; asNumber: number; text?: unknown; changed: number }>()

  get empty(): boolean {
    return this.members.size === 0
  }

  find(path: string): Figure | undefined {
    return this.members.get(path)
  }

  set(path: string, value: number | string | boolean | undefined): void {
    const member = this.members.get(path) ?? { present: false, asNumber: Number.NaN, changed: 0 }
    this.members.set(path, member)
    const number = typeof value === 'number' ? value : Number.NaN
    const text = typeof value === 'number' ? undefined : value
    if (!Object.is(number, member.asNumber) || text !== member.text) member.changed += 1
    Object.assign(member, { present: value !== undefined, asNumber: number, text })
  }
}

/** Rules over channels whose figures a test sets, and all that has happened. */
export class World {
  readonly alerts: Alerts
  readonly happened: AlertChange[] = []
  readonly changes = new Changes()
  private readonly rules: readonly AlertRule[]
  private readonly channels = new Map<string, { members: Members; watches: RuleWatch[] }>()

  constructor(rules: readonly AlertRule[], isPublic: (channel: string) => boolean = () => true) {
    this.rules = rules
    this.alerts = new Alerts(rules, isPublic)
  }

  /** Sets figures of channels (`tick:A`, or `tick:A price` for another member than `price`) and ends the frame `t`. What fell due before happens first. */
  frame(t: number, figures: Readonly<Record<string, number | string | boolean | undefined>> = {}): readonly AlertChange[] {
    while (this.alerts.dueAt < t) this.end(this.alerts.dueAt, [])
    const changed = new Set<{ readonly watches: readonly RuleWatch[] }>()
    for (const [name, value] of Object.entries(figures)) {
      const [channel, figure = 'price'] = name.split(' ')
      const ruled = this.channel(channel!)
      ruled.members.set(figure, value)
      changed.add(ruled)
    }
    return this.end(t, [...changed])
  }

  /** Goes on with the alerts of another world. */
  resume(t: number, alerts: readonly Alert[]): void {
    this.alerts.resume(t, alerts, ({ rule, channel }) => this.channel(channel).watches.find(watch => watch.rule.id === rule), this.changes)
  }

  /** All that has happened, as `EVENT CHANNEL@T`. */
  get said(): string[] {
    return this.happened.map(({ event, alert }) => `${event} ${alert.members ? 'market' : alert.channel}@${alert.t}`)
  }

  private end(t: number, changed: readonly { readonly watches: readonly RuleWatch[] }[]): readonly AlertChange[] {
    const happened = this.alerts.judge(t, changed, this.changes)
    this.happened.push(...happened)
    return happened
  }

  private channel(name: string): { members: Members; watches: RuleWatch[] } {
    const known = this.channels.get(name)
    if (known) return known
    const members = new Members()
    const other = ({ against }: AlertRule): FigureSource | undefined => against && this.channel(against.channel).members
    const ruled = { members, watches: [] as RuleWatch[] }
    this.channels.set(name, ruled)
    for (const rule of this.rules) ruled.watches.push(this.alerts.watch(rule, name, ruleFigures(rule, members, other(rule))))
    return ruled
  }
}
