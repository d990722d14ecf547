import type { Logger } from 'pino'
import type { Input } from '../../streams/input.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import type { Feed, FeedContext } from '../feeds/feed.ts'
import { merged } from '../feeds/replay/merge.ts'
import { paced } from '../feeds/replay/pace.ts'
import { yieldTurn } from '../lib/yieldTurn.ts'
import type { InputQueue } from './inputQueue.ts'

/** How long a replay may hold the event loop before sockets get their turn, ms. */
const SLICE_MS = 10

/** The feeds of a live run, and what they fill. */
export interface RunOptions {
  readonly feeds: readonly Feed[]
  readonly inputQueue: InputQueue
  readonly frameMs: number
  readonly context: Omit<FeedContext, 'feed' | 'log' | 'signal'>
  readonly signal: AbortSignal
  readonly log: Logger
}

/** Lets live feeds put in what comes, as it comes, and the clock tick by the wall. Resolves when all are done. */
export const runLive = async ({ feeds, inputQueue, frameMs, context, signal, log }: RunOptions): Promise<void> => {
  let last = 0
  const tick = (): void => {
    const t = Math.floor(Date.now() / frameMs) * frameMs
    // The wall clock may be set back; event time never goes back.
    if (t <= last) return
    last = t
    inputQueue.put({ kind: 'clock', t })
  }
  tick()
  const timer = setInterval(tick, frameMs)
  try {
    await Promise.all(
      feeds.map(async (feed, i) => {
        for await (const input of feed.open({ ...context, feed: i, signal, log: log.child({ feed: feed.id }) })) {
          if (signal.aborted) break
          inputQueue.put(input)
        }
      }),
    )
    if (feeds.length === 0) await aborted(signal)
  } finally {
    clearInterval(timer)
    tick()
  }
}

/** The feeds of a replay, its speed, and what it waits for. */
export interface ReplayOptions extends RunOptions {
  readonly speed: number
  /** Resolves when the view knows the past of the first event, at `t` (ms). */
  readonly begin: (t: number) => Promise<void>
  /** Resolves when what lies behind has room for more, and has done what the last frame asked of it. */
  readonly hasCapacity: () => Promise<void>
  /** Resolves when what time alone brings before `t` has happened. */
  readonly advanceTo: (t: number) => Promise<void>
}

/** Lets replays put in what they have, in the order of event time, as fast as `speed` and `room` allow. */
export const runReplay = async ({
  feeds,
  inputQueue,
  frameMs,
  context,
  signal,
  log,
  speed,
  begin,
  hasCapacity: room,
  advanceTo: before,
}: ReplayOptions): Promise<void> => {
  const replays = feeds.map((feed, i) => ({
    feed: i,
    batches: feed.open({ ...context, feed: i, signal, log: log.child({ feed: feed.id }) }),
  }))
  const inputs: AsyncIterable<Input> = paced(
    merged(replays, frameMs),
    speed === Number.POSITIVE_INFINITY ? 'max' : speed,
    systemEnvironment,
    signal,
  )
  let begun = false
  const breathe = breathing()
  for await (const input of inputs) {
    if (signal.aborted) return
    const t = begun ? 0 : timeOf(input)
    if (t > 0) {
      begun = true
      await begin(t)
      if (signal.aborted) return
    }
    if (input.kind === 'clock') await before(input.t)
    if (signal.aborted) return
    inputQueue.put(input)
    if (input.kind === 'clock') await room()
    await breathe()
  }
}

/** Makes a function that a long loop awaits: once in `SLICE_MS` it lets everything that waits for the event loop have its turn. */
export const breathing = (): (() => Promise<void> | undefined) => {
  let since = performance.now()
  const turn = async (): Promise<void> => {
    await yieldTurn()
    since = performance.now()
  }
  return () => (performance.now() - since < SLICE_MS ? undefined : turn())
}

/** The event time of the first event in an input, ms; 0 if it has none. */
const timeOf = (input: Input): number => {
  switch (input.kind) {
    case 'ticks':
      return input.columns.t[input.from] ?? 0
    case 'chain':
      return input.logs[0]?.t ?? 0
    case 'levels':
    case 'clock':
      return input.t
    default:
      return 0
  }
}

/** Resolves when the signal aborts. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
