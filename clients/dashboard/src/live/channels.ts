import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { Shown as ShownByClient, StateOf } from '../../../driftwire-client/src/index.ts'
import { newest, RequestError, wire } from './line.ts'
import { session } from './session.ts'

/** A state of a channel as the page shows it. */
export interface Shown<State> extends ShownByClient<State> {
  readonly channel: string
  /** Wall time when it came, ms. */
  readonly received: number
}

/** A state of any channel. */
export type AnyShown = Shown<object>

/** Who reads a channel, and how fast: every draw, or a state a second. */
type Pace = 'fast' | 'slow'

/** A channel that something on the screen follows. */
interface Channel {
  readonly shown: Signal<AnyShown | undefined>
  readonly refused: Signal<RequestError | undefined>
  readonly users: Record<Pace, number>
  pace: Pace | undefined
  stop: (() => void) | undefined
  timer: ReturnType<typeof setTimeout> | undefined
}

/** States a second: nobody reads figures that change faster. */
const RATES = { fast: 10, slow: 1 } as const
/** ms between two draws. */
const DRAW_MS = 100
/** Channels that are drawn in one frame: a screen of usual height shows one moment. */
const MOST_AT_ONCE = 45
/** Channels drawn in a frame if there are more: a higher screen is drawn in several frames, none of which takes long. */
const MOST_A_FRAME = 20
/** ms that a channel stays followed after its last reader has gone: scrolling back and forth does not subscribe again. */
const LINGER_MS = 1_500

const channels = new Map<string, Channel>()
const arrived = new Map<Channel, AnyShown>()
let drawnAt = 0
let asked = false

/** Shows what has arrived: all channels in one step, at most ten times a second; if there are too many, over several frames in turn. */
const draw = (began: number, most: number): void => {
  drawnAt = began
  batch(() => {
    let t = newest.peek()
    let room = most
    for (const [channel, shown] of arrived) {
      if (room-- === 0) break
      arrived.delete(channel)
      channel.shown.value = shown
      t = Math.max(t, shown.t)
    }
    newest.value = t
  })
  asked = arrived.size > 0
  if (asked) requestAnimationFrame(() => draw(began, most))
}

const begin = (): void => {
  requestAnimationFrame(() => draw(performance.now(), arrived.size <= MOST_AT_ONCE ? MOST_AT_ONCE : MOST_A_FRAME))
}

const arrive = (channel: Channel, shown: AnyShown): void => {
  arrived.set(channel, shown)
  if (asked) return
  asked = true
  const wait = drawnAt + DRAW_MS - performance.now()
  if (wait < 8) begin()
  else setTimeout(begin, wait)
}

const opened = (name: string): Channel => {
  const known = channels.get(name)
  if (known) return known
  const channel: Channel = {
    shown: signal(undefined),
    refused: signal(undefined),
    users: { fast: 0, slow: 0 },
    pace: undefined,
    stop: undefined,
    timer: undefined,
  }
  channels.set(name, channel)
  return channel
}

const follow = (name: string, channel: Channel, pace: Pace): void => {
  const before = channel.stop
  channel.pace = pace
  const subscription = wire.channel(name, { maxRate: RATES[pace] }).subscribe({
    next: shown => {
      const last = arrived.get(channel) ?? channel.shown.peek()
      // A state that comes again because the line was lost is as old as it was.
      const received = last && last.seq === shown.seq && last.t === shown.t ? last.received : Date.now()
      channel.refused.value = undefined
      arrive(channel, { ...shown, channel: name, received })
    },
    error: error => {
      if (error instanceof RequestError) channel.refused.value = error
    },
  })
  channel.stop = () => subscription.unsubscribe()
  before?.()
}

/** Follows a channel as fast as its fastest reader wants it. */
const settle = (name: string, channel: Channel): void => {
  const pace = channel.users.fast > 0 ? 'fast' : channel.users.slow > 0 ? 'slow' : undefined
  if (pace !== undefined && pace !== channel.pace) follow(name, channel, pace)
  if (pace !== undefined) return
  channel.stop?.()
  arrived.delete(channel)
  channels.delete(name)
}

const take = (name: string, pace: Pace): (() => void) => {
  const channel = opened(name)
  channel.users[pace] += 1
  clearTimeout(channel.timer)
  settle(name, channel)
  return () => {
    channel.users[pace] -= 1
    clearTimeout(channel.timer)
    channel.timer = setTimeout(() => settle(name, channel), LINGER_MS)
  }
}

// Somebody else may read what was refused.
session.subscribe(() => {
  for (const [name, channel] of channels) if (channel.refused.peek() && channel.pace) follow(name, channel, channel.pace)
})

const NOTHING: Signal<AnyShown | undefined> = signal(undefined)

/** Follows a channel while the component is on the screen. `undefined` follows nothing. */
export const useChannel = <Name extends string>(name: Name | undefined): ReadonlySignal<Shown<StateOf<Name>> | undefined> => {
  const shown = useMemo(() => (name === undefined ? NOTHING : opened(name).shown), [name])
  useEffect(() => (name === undefined ? undefined : take(name, 'fast')), [name])
  return shown as ReadonlySignal<Shown<StateOf<Name>> | undefined>
}

/** Follows channels, a state a second, while the component is on the screen. */
export const useChannels = (names: readonly string[]): void => {
  useEffect(() => {
    const ends = names.map(name => take(name, 'slow'))
    return () => {
      for (const end of ends) end()
    }
  }, [names.join(' ')])
}

/** Returns why the server refuses a channel; undefined if it does not. */
export const useRefusal = (name: string): ReadonlySignal<RequestError | undefined> => useMemo(() => opened(name).refused, [name])

/** Returns what is shown of a channel, for who only looks. */
export const shownOf = (name: string): AnyShown | undefined => channels.get(name)?.shown.peek()
