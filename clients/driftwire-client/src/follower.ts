import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { PathOf } from '../../../streams/wire/states.ts'

/** A state of a channel as it is shown. It never changes: the next one has new objects where something changed, and shares the others. */
export interface Shown<State> {
  readonly state: State
  /** Event time up to which every figure of it is computed, ms. */
  readonly t: number
  /** The number of the push that made it, counted within one start of the server. */
  readonly seq: number
  /** The figures are not of now: the server says so, or the line is silent or lost. A state comes again when only this changes. */
  readonly stale: boolean
  /**
   * On the first state after the channel was lost: whether every state between was or will be shown. If it is false a chart has a hole
   * here, which `history` fills; rows of the hole came before this state if `from` was asked for.
   */
  readonly recovered?: boolean
  /** The channel, if a pattern has brought it. */
  readonly channel?: string
}

/** How a channel is followed. */
export interface ChannelOptions<State = JsonObject> {
  /** The highest number of states a second. */
  readonly maxRate?: number
  /** Only these members of the state, by their paths. If others follow the channel over this connection, what they want comes, too. */
  readonly fields?: readonly PathOf<State>[]
  /**
   * States only when a figure has changed by more than this share of what it was in the last one. It holds if all who follow the channel over
   * this connection want the same.
   */
  readonly when?: { readonly field: PathOf<State>; readonly change: number }
  /** Whether states are proved by checksums; a wrong one heals itself. */
  readonly checksum?: boolean
  /** Asks again when the channel is refused because there is no such channel yet, instead of failing. */
  readonly wait?: boolean
  /** Rows since then before the first state, ms. Others who follow the channel over this connection wait for them, too. */
  readonly from?: number
  /** Is called with these rows of a channel, oldest first, each once; `more` while more of them follow. */
  readonly rows?: (rows: readonly JsonObject[], more: boolean, channel: string) => void
}

/** Somebody who follows a channel. */
export interface Follower {
  readonly options: ChannelOptions
  /** `faster`: the channel comes faster than this follower wants it. */
  show(shown: Shown<JsonObject>, faster: boolean): void
  rows(rows: readonly JsonObject[], more: boolean): void
  fail(error: unknown): void
  end(): void
  /** The pattern that is followed has brought this channel. */
  brought(channel: string): void
}

/** Returns the newer of two states; a hole before either is a hole before it. */
export const newer = <State>(older: Shown<State>, next: Shown<State>): Shown<State> =>
  older.recovered === undefined || next.recovered === false ? next : { ...next, recovered: older.recovered }

/** Passes states on no faster than `maxRate` a second, always the newest. */
export class Pace<State> {
  private readonly pause: number
  private readonly show: (shown: Shown<State>) => void
  private waiting: Shown<State> | undefined
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(maxRate: number, show: (shown: Shown<State>) => void) {
    this.pause = 1000 / maxRate
    this.show = show
  }

  /** Shows it now, or when it is time; `at once` if nothing has to wait. */
  take(shown: Shown<State>, slowDown: boolean): void {
    this.waiting = this.waiting === undefined ? shown : newer(this.waiting, shown)
    if (!slowDown) this.end()
    if (this.timer === undefined) this.next(slowDown)
  }

  /** Forgets the timer. */
  end(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  private next(slowDown: boolean): void {
    const shown = this.waiting
    this.waiting = undefined
    this.timer = shown && slowDown ? setTimeout(() => this.next(true), this.pause) : undefined
    if (shown) this.show(shown)
  }
}
