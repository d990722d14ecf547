import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { StateOf } from '../../../streams/wire/states.ts'
import type { Feeds } from './feeds.ts'
import { type ChannelOptions, newer, Pace, type Shown } from './follower.ts'
import { Stream } from './stream.ts'

/** A state of a channel; if a pattern brought it, with the channel's name. */
export type ShownOf<Name extends string> = Shown<StateOf<Name>> &
  (Name extends `${string}*${string}` ? { readonly channel: string } : unknown)

/** The states of a channel, or of all that fit a pattern: an RxJS Observable and an async iterable. */
export type Channel<Name extends string> = Stream<ShownOf<Name>>

/** Returns the states of a channel, or of all that fit a pattern. It is subscribed while somebody observes it. */
export const channelOf = <Name extends string>(
  feeds: Feeds,
  name: Name,
  options: ChannelOptions,
  report: (channel: string, error: unknown) => void,
): Channel<Name> =>
  new Stream<ShownOf<Name>>({
    join: sink => {
      const leaves = new Map<string, () => void>()
      const brought = (channel: string): void => {
        if (leaves.has(channel)) return
        const pace = new Pace<JsonObject>(options.maxRate ?? Number.POSITIVE_INFINITY, shown => sink.next(shown as ShownOf<Name>))
        const leave = feeds.follow(channel, {
          options,
          show: (shown, faster) => pace.take(channel === name ? shown : { ...shown, channel }, faster),
          rows: (rows, more) => {
            try {
              options.rows?.(rows, more, channel)
            } catch (error) {
              report(channel, error)
            }
          },
          fail: error => {
            leaves.delete(channel)
            if (channel === name) sink.error(error)
          },
          end: () => sink.complete(),
          brought,
        })
        leaves.set(channel, () => {
          pace.end()
          leave()
        })
      }
      brought(name)
      return () => {
        for (const leave of leaves.values()) leave()
      }
    },
    report: error => report(name, error),
    same: (one, other) => one.channel === other.channel,
    merge: newer as (older: ShownOf<Name>, next: ShownOf<Name>) => ShownOf<Name>,
  })
