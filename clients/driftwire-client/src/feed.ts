import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { ChecksumPush, PatchPush, SnapshotPush } from '../../../streams/wire/pushes.ts'
import type { ChannelOptions, Follower, Shown } from './follower.ts'
import { Past } from './past.ts'
import { type Outcome, Replica } from './replica.ts'

/** What a subscription asks for, beside its past. */
interface Asked {
  readonly maxRate: number | undefined
  readonly checksum: true | undefined
  readonly fields: readonly string[] | undefined
  readonly when: ChannelOptions['when']
}

/** A channel of the server, followed once for all who follow it here. */
export class Feed {
  readonly channel: string
  readonly replica = new Replica()
  /** `asked`: the reply is awaited, and pushes until then belong to an older subscription. `refused`: waits to be asked for again. */
  phase: 'idle' | 'asked' | 'live' | 'refused' = 'idle'
  /** Refusals in a row. */
  refusals = 0
  private readonly pasts = new Map<Follower, Past>()
  /** Who follows, and whether a state was shown to them. */
  private readonly followers = new Map<Follower, boolean>()
  private readonly pattern: RegExp | undefined
  private asked = ''
  /** What the state that is known was asked for with. */
  private stateOf = ''
  private lostWhileKnown = false
  private recovered: boolean | undefined
  private shown: Shown<JsonObject> | undefined

  constructor(channel: string) {
    this.channel = channel
    if (channel.includes('*')) this.pattern = new RegExp(`^${channel.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
  }

  /** Whether it is a pattern that the channel fits. */
  covers(channel: string): boolean {
    return this.pattern?.test(channel) ?? false
  }

  /** If it is a pattern that the channel fits, has all who follow it follow the channel. */
  bring(channel: string): boolean {
    const fits = this.covers(channel)
    if (fits) for (const follower of [...this.followers.keys()]) follower.brought(channel)
    return fits
  }

  /** A pattern has subscribed the channel with its own options. Its own subscription, if one is on its way, comes after that. */
  broughtBy({ asked }: Feed, recovered: boolean | undefined): void {
    if (this.phase === 'asked') return
    this.asked = asked
    this.accepted(recovered)
  }

  /** Whether nobody follows any more. */
  get deserted(): boolean {
    return this.followers.size === 0
  }

  /** Whether somebody waits for the channel to appear. */
  get awaited(): boolean {
    return [...this.followers.keys()].some(({ options }) => options.wait)
  }

  /** Takes a follower in. It gets the state at once, if it is known and no rows of the past come before it. */
  join(follower: Follower): void {
    const { from } = follower.options
    this.followers.set(follower, false)
    if (from !== undefined && !this.pattern) this.pasts.set(follower, new Past(from))
    else if (this.shown && this.replica.known && this.isStateOf(JSON.stringify(this.needs))) this.showTo(follower, this.shown)
  }

  /** Lets a follower go. */
  leave(follower: Follower): void {
    this.followers.delete(follower)
    this.pasts.delete(follower)
  }

  /** Whether the server has to be asked: for the first time, or for more than was asked for. One question at a time: its answer is of it. */
  get wants(): boolean {
    if (this.phase === 'refused' || this.phase === 'asked') return false
    return (
      this.phase === 'idle' || this.asked !== JSON.stringify(this.needs) || [...this.pasts.values()].some(past => past.phase === 'wanted')
    )
  }

  /** Notes that the channel is being asked for, and returns what with, and where to resume if that is possible. */
  ask(): { readonly options: object; readonly resume?: { readonly epoch: string; readonly seq: number } } {
    const { known, epoch, seq } = this.replica
    const missing = [...this.pasts.values()].filter(past => past.phase !== 'given')
    const from = Math.min(...missing.map(past => past.from))
    for (const past of missing) past.ask(from)
    const needs = this.needs
    const asked = JSON.stringify(needs)
    // A state of other members cannot be gone on with.
    const goesOn = known && this.isStateOf(asked)
    this.phase = 'asked'
    this.asked = asked
    if (missing.length > 0) {
      // A snapshot follows the rows: a follower that had a state before does not see what was between.
      if (known) this.recovered = false
      return { options: { ...needs, from } }
    }
    return { options: needs, ...(goesOn && { resume: { epoch, seq } }) }
  }

  /** The line is lost: the state is what it was, and old. */
  lost(): void {
    if (this.phase !== 'refused') this.phase = 'idle'
    this.lostWhileKnown = this.replica.known
    for (const past of this.pasts.values()) past.lost()
  }

  /** The server has accepted the subscription. */
  accepted(recovered: boolean | undefined): void {
    this.phase = 'live'
    this.refusals = 0
    if (!this.lostWhileKnown || recovered === undefined) return
    this.lostWhileKnown = false
    this.recovered = recovered
    if (!recovered) for (const past of this.pasts.values()) past.reopen(this.nextRow)
  }

  /** The state cannot be trusted: the next one has to be a snapshot, before which something is missing. */
  doubt(): void {
    if (this.replica.known) this.recovered = false
    this.replica.forget()
    this.phase = 'idle'
  }

  /** The rows of the past did not come; `again`: it is time to ask once more. */
  pastFailed(again: boolean): void {
    for (const past of this.pasts.values()) past.failed(again)
  }

  /** Applies a push of this subscription; undefined if it is of an older one. */
  push(push: SnapshotPush | PatchPush | ChecksumPush, stale: boolean): Outcome | undefined {
    if (this.phase !== 'live') return undefined
    const wasKnown = this.replica.known
    const outcome = this.replica.apply(push)
    if ('snap' in push) this.stateOf = this.asked
    if (outcome === 'changed') this.show(stale)
    // Patches before the snapshot that was asked for are of no use, and no fault.
    return !wasKnown && outcome === 'gap' ? undefined : outcome
  }

  /** Passes rows of the past on to those who asked for them. */
  rows(rows: readonly JsonObject[], more: boolean): void {
    if (this.phase !== 'live') return
    for (const [follower, past] of this.pasts) {
      if (past.phase !== 'asked') continue
      const fresh = past.take(rows, more)
      if (fresh.length > 0 || !more) follower.rows(fresh, more)
    }
  }

  /** Shows the state again if it has become stale or is no longer, or if it is known now that nothing was missed. */
  restate(stale: boolean): void {
    if (this.shown && this.replica.known && (this.shown.stale !== this.staleWith(stale) || (!stale && this.recovered))) this.show(stale)
  }

  /** Fails all who follow. */
  fail(error: unknown): void {
    for (const follower of [...this.followers.keys()]) follower.fail(error)
  }

  /** Ends all who follow. */
  end(): void {
    for (const follower of [...this.followers.keys()]) follower.end()
  }

  /** Whether the state that is known has the members that are asked for. */
  private isStateOf(asked: string): boolean {
    return this.stateOf === asked || !`${this.stateOf}${asked}`.includes('"fields"')
  }

  /** What all followers together want: the highest rate, checksums if one of them does, the members of all, a condition if all have it. */
  private get needs(): Asked {
    const all = [...this.followers.keys()].map(({ options }) => options)
    const maxRate = Math.max(...all.map(options => options.maxRate ?? Number.POSITIVE_INFINITY))
    return {
      maxRate: maxRate < Number.POSITIVE_INFINITY ? Math.max(1, maxRate) : undefined,
      checksum: all.some(({ checksum }) => checksum) || undefined,
      fields: all.every(({ fields }) => fields) ? [...new Set(all.flatMap(({ fields }) => fields!))] : undefined,
      when: new Set(all.map(({ when }) => JSON.stringify(when))).size < 2 ? all[0]?.when : undefined,
    }
  }

  /** The time of the first row that the state does not know: after its own time or, of candles, from the running one on. */
  private get nextRow(): number {
    const { state, t } = this.replica
    return this.channel.startsWith('candle:') && typeof state.open_t === 'number' ? state.open_t : t + 1
  }

  private staleWith(stale: boolean): boolean {
    return stale || this.replica.state.stale === true
  }

  private show(stale: boolean): void {
    const { state, t, seq } = this.replica
    const { recovered } = this
    // While the line is lost it is not known yet whether something was missed.
    if (!stale) this.recovered = undefined
    this.shown = { state, t, seq, stale: this.staleWith(stale), ...(!stale && recovered !== undefined && { recovered }) }
    for (const follower of [...this.followers.keys()]) if (this.pasts.get(follower)?.phase !== 'asked') this.showTo(follower, this.shown)
  }

  private showTo(follower: Follower, shown: Shown<JsonObject>): void {
    const first = !this.followers.get(follower)
    this.followers.set(follower, true)
    const { state, t, seq, stale } = shown
    follower.show(first ? { state, t, seq, stale } : shown, follower.options.maxRate !== this.needs.maxRate)
  }
}
