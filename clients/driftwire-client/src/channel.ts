import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { StateOf } from '../../../streams/wire/states.ts'
import type { Feeds } from './feeds.ts'
import { type ChannelOptions, newer, Pace, type Shown } from './follower.ts'
import { Stream } from './stream.ts'

/** The states of a channel: an RxJS Observable and an async iterable. */
export type Channel<Name extends string> = Stream<Shown<StateOf<Name>>>

/** Returns the states of a channel. It is subscribed while somebody observes it. */
export const channelOf = <Name extends string>(
  feeds: Feeds,
  name: Name,
  options: ChannelOptions,
  report: (channel: string, error: unknown) => void,
): Channel<Name> =>
  new Stream<Shown<StateOf<Name>>>({
    join: sink => {
      const pace = new Pace<JsonObject>(options.maxRate ?? Number.POSITIVE_INFINITY, shown => sink.next(shown as Shown<StateOf<Name>>))
      const leave = feeds.follow(name, {
        options,
        show: (shown, faster) => pace.take(shown, faster),
        rows: (rows, more) => {
          try {
            options.rows?.(rows, more)
          } catch (error) {
            report(name, error)
          }
        },
        fail: error => sink.error(error),
        end: () => sink.complete(),
      })
      return () => {
        pace.end()
        leave()
      }
    },
    report: error => report(name, error),
    merge: newer,
  })
