import { map, merge, NEVER, type Observable } from 'rxjs'
import type { Channels, Push } from '../../streams/channels/channelStates.ts'
import type { Frame } from '../../streams/frame.ts'
import type { InputQueue } from '../core/inputQueue.ts'
import type { Bus, Flush } from './bus.ts'
import type { ServerChannels } from './serverChannels.ts'

const NOTHING_READY: readonly Push[] = []

/** The bus within one process: direct calls to what computes, and no copies. */
export const localBus = (options: {
  readonly epoch: string
  readonly frames$: Observable<Pick<Frame, 't' | 'pushes' | 'ready'>>
  /** Of the pipeline. */
  readonly channels: Channels
  readonly inputQueue: InputQueue
  readonly serverChannels: ServerChannels
}): Bus => {
  const { epoch, frames$, channels, inputQueue, serverChannels } = options
  const of = (name: string): Channels => (serverChannels.has(name) ? serverChannels.channels : channels)
  const flushOf = ({ t, pushes, ready }: Pick<Frame, 't' | 'pushes' | 'ready'>): Flush => ({
    epoch,
    t,
    pushes,
    ready: ready.length === 0 ? NOTHING_READY : ready.map(name => channels.snapshot(name)!),
  })
  return {
    epoch,
    flushes$: merge(frames$.pipe(map(flushOf)), serverChannels.flushes$),
    silence$: NEVER,
    channels: {
      snapshot: name => of(name).snapshot(name),
      since: (name, seq) => of(name).since(name, seq),
      checksum: name => of(name).checksum(name),
      seq: name => of(name).seq(name),
    },
    watch(name, on) {
      if (serverChannels.has(name)) serverChannels.watch(name, on)
      else inputQueue.put({ kind: 'watch', channel: name, on })
    },
  }
}
