import type { Observable } from 'rxjs'
import type { Channels, Push } from '../../streams/channels/channelStates.ts'

/** What a hub gets at a time. All of it is of one moment. */
export interface Flush {
  /** The start of the core that numbered these pushes. */
  readonly epoch: string
  /** ms of event time. */
  readonly t: number
  /** Patches of watched channels, in order; behind a gateway also of those that are watched by others, for clients that come from there. */
  readonly pushes: readonly Push[]
  /** Snapshots, as of after these pushes, of the channels that can be read from now on because somebody began to watch them. */
  readonly ready: readonly Push[]
}

/**
 * The one seam between what computes and what serves sockets: messages only, so it may lie between two threads or two machines.
 * A hub knows nothing of what the messages mean, and nothing else of the core. An implementation guarantees:
 *
 * - Flushes of one epoch come in the order of their `t`. The pushes of a channel, from the snapshot in `ready` on, form a chain: the
 *   `prev` of each is the `seq` of the one before. If messages between two processes are lost, one push says all that they said.
 * - `channels` is answered from memory, as of the newest flush: when a flush is emitted, `seq` of a channel is that of its last
 *   push. Within the core that memory is the core's own. A gateway in another process keeps a copy of every channel it watches,
 *   made of the snapshot in `ready` and of the pushes after it; the copy numbers its leaves as the core does.
 * - All channels share one epoch. A flush with another epoch than the flush before says that the core has started again: numbers
 *   begin again, nothing is watched any more, and `channels` knows nothing until it is in `ready` again.
 */
export interface Bus {
  /** The epoch of the newest flush; known from the beginning. */
  readonly epoch: string
  /** Hot: emits whether or not anybody listens. */
  readonly flushes$: Observable<Flush>
  /**
   * Emits the event time (ms) of the newest flush when nothing has been heard of the core for too long, and undefined when it is over; to a
   * new listener at once what it emitted last. Within one process it never emits.
   */
  readonly silence$: Observable<number | undefined>
  readonly channels: Channels
  /** Begins or stops listening. A channel that begins stands in `ready` of a coming flush, maybe of one before this returns. */
  watch(channel: string, on: boolean): void
}
