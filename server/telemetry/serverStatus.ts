import type { Logger } from 'pino'
import type { FeedHealth } from '../../streams/market/feedHealth.ts'
import type { PartState, Readiness } from '../../streams/wire/answers/server.ts'
import type { ServerChannels } from '../bus/serverChannels.ts'
import type { Progress } from '../core/progress.ts'
import type { Figures } from '../lib/figures.ts'
import type { DiskSpace } from './diskSpace.ts'
import { readinessOf } from './readiness.ts'
import { showStatus } from './statusChannel.ts'

/** ms between two reports. */
const REPORT_MS = 1_000

interface ServerStatusOptions {
  readonly feeds: () => readonly FeedHealth[]
  readonly progress: Progress
  readonly serverChannels: ServerChannels
  /** Of the data directory. */
  readonly disk: DiskSpace
  readonly log: Logger
}

/** The server's figures: each part adds its own; the channel `status` and the metrics read the same ones. */
export class ServerStatus {
  /** Frames since the start. */
  frames = 0
  readonly feeds: () => readonly FeedHealth[]
  private readonly options: ServerStatusOptions
  private readonly parts = new Map<string, () => Figures>()
  private readonly states = new Map<string, () => PartState>()
  /** A second, in ticks and frames. */
  private readonly rates = { ticks: 0, frames: 0 }
  private readonly reported = { ticks: 0, frames: 0, bad: new Map<string, string>() }
  private timer: NodeJS.Timeout | undefined
  /** Called with each report. */
  private readonly readers: (() => void)[] = []

  constructor(options: ServerStatusOptions) {
    this.options = options
    this.feeds = options.feeds
    const { feeds, progress, disk } = options
    this.add('rates', () => this.rates)
    // A reason that is over is undefined, so that it goes.
    this.add('parts', () => Object.fromEntries(Object.entries(this.partStates()).map(([part, { state, why }]) => [part, { state, why }])))
    this.add('disk', () => ({ ...disk.space }))
    options.serverChannels.offer({
      matches: name => name === 'status',
      open: () => state => ({
        write: showStatus(
          state,
          feeds,
          // A replay has ended for its readers when its rows can be read.
          feed => (feed.state === 'ended' && !progress.stored ? 'live' : feed.state),
          () => this.figures(),
        ),
      }),
    })
  }

  /** Adds the figures of a part under its name. */
  add(part: string, figures: () => Figures): void {
    this.parts.set(part, figures)
  }

  /** Calls `reader` with each report from now on. */
  onReport(reader: () => void): void {
    this.readers.push(reader)
  }

  /** Returns the figures of all parts, by part. */
  figures(): Figures {
    return Object.fromEntries([...this.parts].map(([part, figures]) => [part, figures()]))
  }

  /** Adds how a part is under its name, for `/readyz`. */
  watch(part: string, state: () => PartState): void {
    this.states.set(part, state)
  }

  /** Returns how all parts are. */
  readiness(): Readiness {
    return readinessOf(this.partStates())
  }

  private partStates(): Readonly<Record<string, PartState>> {
    return Object.fromEntries([...this.states].map(([part, state]) => [part, state()]))
  }

  /** Reports once a second from now on. */
  begin(): void {
    this.report()
    this.timer = setInterval(() => this.report(), REPORT_MS)
  }

  /** Updates the rates, logs what feeds have rejected since the last report, and sends `status` to its readers. */
  report(): void {
    const { feeds, serverChannels, disk, log } = this.options
    void disk.look()
    const ticks = feeds().reduce((sum, feed) => sum + feed.ticks, 0)
    this.rates.ticks = ticks - this.reported.ticks
    this.rates.frames = this.frames - this.reported.frames
    this.reported.ticks = ticks
    this.reported.frames = this.frames
    for (const feed of feeds()) {
      const bad = JSON.stringify(feed.bad)
      if (bad !== (this.reported.bad.get(feed.id) ?? '{}')) log.warn({ feed: feed.id, bad: feed.bad }, 'rejected since the start, by kind')
      this.reported.bad.set(feed.id, bad)
    }
    for (const reader of this.readers) reader()
    serverChannels.touch('status')
    serverChannels.flush()
  }

  /** Stops reporting. */
  close(): void {
    clearInterval(this.timer)
  }
}
