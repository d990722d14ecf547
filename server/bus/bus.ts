import type { Observable } from 'rxjs'
import type { Channels, Push } from '../../streams/channels/channelStates.ts'

/** What a hub gets at a time: everything in it is of one moment. */
export interface Flush {
  /** ms of event time. */
  readonly t: number
  readonly pushes: readonly Push[]
  /** Channels that can be read from now on, because somebody began to watch them. */
  readonly ready: readonly string[]
}

/**
 * The one seam between what computes and what serves sockets: messages only, so that it may as well lie between two threads or
 * two machines. A hub knows nothing of what the messages mean.
 */
export interface Bus {
  readonly epoch: string
  readonly flushes$: Observable<Flush>
  readonly channels: Channels
  /** Begins or ceases to listen; a channel that begins stands in `ready` of a coming flush, maybe before this returns. */
  watch(channel: string, on: boolean): void
}
