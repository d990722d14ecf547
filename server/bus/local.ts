import { merge, type Observable } from 'rxjs'
import type { Channels } from '../../streams/channels/channelStates.ts'
import type { InputQueue } from '../core/inputQueue.ts'
import type { Bus, Flush } from './bus.ts'
import type { ServerChannels } from './serverChannels.ts'

/** The bus within one process: direct calls to what computes. */
export const localBus = (options: {
  readonly epoch: string
  readonly frames$: Observable<Flush>
  readonly channels: Channels
  readonly inputQueue: InputQueue
  readonly side: ServerChannels
}): Bus => {
  const { epoch, frames$, channels, inputQueue, side } = options
  const of = (name: string): Channels => (side.has(name) ? side.channels : channels)
  return {
    epoch,
    flushes$: merge(frames$, side.flushes$),
    channels: {
      snapshot: name => of(name).snapshot(name),
      since: (name, seq) => of(name).since(name, seq),
      checksum: name => of(name).checksum(name),
      seq: name => of(name).seq(name),
    },
    watch(name, on) {
      if (side.has(name)) side.watch(name, on)
      else inputQueue.put({ kind: 'watch', channel: name, on })
    },
  }
}
