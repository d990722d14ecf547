import type { Logger } from 'pino'
import type { Input } from '../../streams/input.ts'
import type { Environment } from '../feeds/environment.ts'
import type { Feed, FeedContext, FeedInput } from '../feeds/feed.ts'
import { merged } from '../feeds/replay/merge.ts'
import { paced } from '../feeds/replay/pace.ts'
import type { SharedFeeds } from '../feeds/shared/sharedFeeds.ts'
import { atMultiples } from '../lib/atMultiples.ts'
import { yieldTurn } from '../lib/yieldTurn.ts'
import type { InputQueue } from './inputQueue.ts'

/** How long a replay may hold the event loop before sockets get their turn, ms. */
const SLICE_MS = 10

/** Lets several cores have the same inputs of feeds, in the same order. */
export type FeedSharing = Pick<SharedFeeds, 'run'>

/** The feeds of a live run, and what they fill. */
export interface RunOptions {
  readonly feeds: readonly Feed[]
  /** Undefined: every feed is open here. */
  readonly shared?: FeedSharing
  readonly inputQueue: InputQueue
  readonly frameMs: number
  readonly context: Omit<FeedContext, 'feed' | 'log' | 'signal'>
  readonly environment: Environment
  readonly signal: AbortSignal
  readonly log: Logger
}

/** Lets live feeds put in what comes, as it comes, and each frame end when its time is over. Resolves when all are done. */
export const runLive = async ({ feeds, shared, inputQueue, frameMs, context, environment, signal, log }: RunOptions): Promise<void> => {
  let last = 0
  const endFrame = (t: number): void => {
    // The wall clock may be set back; event time never goes back.
    if (t <= last) return
    last = t
    inputQueue.put({ kind: 'clock', t })
  }
  const endNewest = (): void => endFrame(Math.floor(environment.now() / frameMs) * frameMs)
  endNewest()
  const stop = atMultiples(frameMs, environment, endFrame)
  try {
    const open = (feed: number, until: AbortSignal): AsyncIterable<FeedInput> =>
      feeds[feed]!.open({ ...context, feed, signal: until, log: log.child({ feed: feeds[feed]!.id }) })
    const put = (input: FeedInput): void => inputQueue.put(input)
    const runOwn = async (feed: number): Promise<void> => {
      for await (const input of open(feed, signal)) {
        if (signal.aborted) break
        put(input)
      }
    }
    const own = [...feeds.keys()].filter(i => shared === undefined || feeds[i]!.own)
    const { symbols, sources } = context
    await Promise.all([...own.map(runOwn), shared?.run({ feeds, open, put, signal, symbols, sources })])
    if (feeds.length === 0) await aborted(signal)
  } finally {
    stop()
    endNewest()
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
  environment,
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
    environment,
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
