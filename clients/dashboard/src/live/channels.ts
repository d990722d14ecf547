import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { JsonObject } from '../../../../streams/wire/mergePatch.ts'
import { heardAt, newest, type RequestError, wire } from './line.ts'

/** A state of a channel as the page shows it. */
export interface Shown<State = JsonObject> {
  readonly channel: string
  readonly state: State
  /** Event time up to which its figures are computed, ms. */
  readonly t: number
  /** Wall time when it came, ms. */
  readonly received: number
}

/** A channel that something on the screen follows. */
interface Channel {
  readonly shown: ReturnType<typeof signal<Shown | undefined>>
  readonly refused: ReturnType<typeof signal<RequestError | undefined>>
  /** Users that want every draw, and users that want a state a second. */
  fast: number
  slow: number
  /** Pushes a second that are asked for; 0 before the first. */
  rate: number
  stop: (() => void) | undefined
  timer: ReturnType<typeof setTimeout> | undefined
}

/** Pushes a second and channel: nobody reads figures that change faster. */
const RATE = 10
const SLOW_RATE = 1
/** ms between two draws. */
const DRAW_MS = 100
/** ms that a channel stays followed after its last reader has gone: scrolling back and forth does not subscribe again. */
const LINGER_MS = 1_500

const channels = new Map<string, Channel>()
const arrived = new Map<Channel, Shown>()
let drawnAt = 0
let asked = false

/** Shows what has arrived: all channels in one step, at most ten times a second. */
const draw = (): void => {
  asked = false
  drawnAt = performance.now()
  batch(() => {
    let t = newest.peek()
    for (const [channel, shown] of arrived) {
      channel.shown.value = shown
      t = Math.max(t, shown.t)
    }
    newest.value = t
    heardAt.value = Date.now()
  })
  arrived.clear()
}

const arrive = (channel: Channel, shown: Shown): void => {
  // The first state shows in the next frame of the screen, further ones with all others.
  arrived.set(channel, shown)
  if (asked) return
  asked = true
  const wait = Math.max(0, drawnAt + DRAW_MS - performance.now())
  if (wait < 8) requestAnimationFrame(draw)
  else setTimeout(() => requestAnimationFrame(draw), wait)
}

const opened = (name: string): Channel => {
  const known = channels.get(name)
  if (known) return known
  const channel: Channel = {
    shown: signal(undefined),
    refused: signal(undefined),
    fast: 0,
    slow: 0,
    rate: 0,
    stop: undefined,
    timer: undefined,
  }
  channels.set(name, channel)
  return channel
}

/** Follows the channel at the rate that its fastest user wants. */
const follow = (name: string, channel: Channel): void => {
  const rate = channel.fast > 0 ? RATE : channel.slow > 0 ? SLOW_RATE : channel.rate
  if (rate === channel.rate) return
  channel.rate = rate
  channel.stop?.()
  channel.stop = wire.follow(
    name,
    {
      state: (state, t) => arrive(channel, { channel: name, state: { ...state }, t, received: Date.now() }),
      error: error => {
        channel.refused.value = error
      },
    },
    { maxRate: rate },
  )
}

const take = (name: string, pace: 'fast' | 'slow'): (() => void) => {
  const channel = opened(name)
  channel[pace] += 1
  clearTimeout(channel.timer)
  follow(name, channel)
  return () => {
    channel[pace] -= 1
    channel.timer = setTimeout(() => {
      if (channel.fast + channel.slow > 0) return follow(name, channel)
      channel.stop?.()
      arrived.delete(channel)
      channels.delete(name)
    }, LINGER_MS)
  }
}

const NOTHING = signal<Shown | undefined>(undefined)

/** Follows a channel while the component is on the screen. `undefined` follows nothing. */
export const useChannel = <State = JsonObject>(name: string | undefined): ReadonlySignal<Shown<State> | undefined> => {
  const shown = useMemo(() => (name === undefined ? NOTHING : opened(name).shown), [name])
  useEffect(() => (name === undefined ? undefined : take(name, 'fast')), [name])
  return shown as unknown as ReadonlySignal<Shown<State> | undefined>
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
export const shownOf = (name: string): Shown | undefined => channels.get(name)?.shown.peek()
