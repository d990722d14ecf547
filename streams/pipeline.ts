import { identity, map, Observable, type OperatorFunction, startWith } from 'rxjs'
import { ChannelStates, type Channels } from './channels/channelStates.ts'
import { channelNames, openChannel } from './channels/registry.ts'
import type { Frame } from './frame.ts'
import type { Proposal } from './fund/inception.ts'
import type { RebalanceProposal } from './fund/tradePlan.ts'
import type { Input } from './input.ts'
import type { MeasureRow } from './measures/rows.ts'
import { RowSampler } from './rowSampler.ts'
import { View, type ViewOptions } from './view.ts'
import { channelsOf } from './wire/channels.ts'

export interface PipelineOptions extends ViewOptions {
  /** Names this run of the pipeline; sequence numbers mean nothing across two. */
  readonly epoch: string
  /** Significant digits of measures on the wire. */
  readonly digits: number
  /** How often what changed is stored, ms of event time. */
  readonly storeMs: number
  /** Every channel is watched from before its first change, whether anybody listens or not: for a record of the run. */
  readonly everything: boolean
}

export interface Pipeline {
  /** Input in, frames out, each computed whole before the next input is taken. To be run once. */
  readonly run: (input$: Observable<Input>) => Observable<Frame>
  readonly channels: Channels
  readonly view: View
}

/** One ordered input → one view → what is due at the end of each frame → patches for who listens, rows for the store. */
export const pipeline = (options: PipelineOptions): Pipeline => {
  const view = new View(options)
  const frames = new ChannelStates(options.epoch, options.digits)
  const storing = new RowSampler(view, options.storeMs)
  const asked: string[] = []
  if (options.everything) watchAll(view, frames)
  return {
    view,
    channels: frames,
    run: input$ =>
      input$.pipe(
        intoView(view, storing, name => {
          const channel = openChannel(view, frames, name)
          if (channel) asked.push(name)
          return channel
        }),
        // What is watched from the start has its first state before any input.
        options.everything ? startWith({ t: 0, byClock: false }) : identity,
        measured(view, storing),
        asFrames(view, frames, asked),
      ),
  }
}

/** The end of a frame: when, and whether time came to it or only somebody asked for the state as of the last one. */
interface Moment {
  readonly t: number
  readonly byClock: boolean
}

type Opener = (channel: string) => ReturnType<typeof openChannel>

/** Puts every input into the view and says when a frame ends. Moments are taken one by one, so the view is then as of each. */
const intoView =
  (view: View, storing: RowSampler, open: Opener): OperatorFunction<Input, Moment> =>
  input$ =>
    new Observable(subscriber =>
      input$.subscribe({
        next(input) {
          for (const moment of momentsOf(input, view, storing, open)) subscriber.next(moment)
        },
        error: error => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    )

const momentsOf = function* (input: Input, view: View, storing: RowSampler, open: Opener): Iterable<Moment> {
  switch (input.kind) {
    case 'clock': {
      // What falls due in a gap without events happens in a frame of its own, at its own time. Before the first frame is no gap.
      while (!view.open && view.t > 0) {
        const due = Math.max(Math.min(view.dueAt, storing.dueAt), view.t + 1)
        const t = Math.ceil(due / view.frameMs) * view.frameMs
        if (!(t < input.t)) break
        yield { t, byClock: true }
      }
      if (input.t >= view.t) yield { t: input.t, byClock: true }
      return
    }
    case 'watch': {
      const channel = open(input.channel)
      if (channel === undefined) return
      channel.watch(input.on)
      if (input.on) view.changes.mark(channel)
      break
    }
    default:
      view.absorb(input)
      if (input.kind !== 'ledger') return
  }
  // Between two frames nothing is half done: what was asked for, or committed, shows at once, as of the last one.
  if (!view.open) yield { t: view.t, byClock: false }
}

/** Watches every channel that there is, and those of each symbol as it turns up. */
const watchAll = (view: View, frames: ChannelStates): void => {
  const keep = (name: string): void => {
    const channel = openChannel(view, frames, name)!
    channel.keep()
    view.changes.mark(channel)
  }
  for (const { symbol } of view.market.all) for (const name of channelsOf(symbol)) keep(name)
  for (const name of channelNames(view)) keep(name)
  view.market.made = ({ symbol }) => channelsOf(symbol).forEach(keep)
}

interface Measured extends Moment {
  readonly proposals: readonly Proposal[]
  readonly rebalances: readonly RebalanceProposal[]
  readonly measures: readonly MeasureRow[]
}

/** Lets time come to the end of the frame and computes what changed by it. */
const measured = (view: View, storing: RowSampler): OperatorFunction<Moment, Measured> =>
  map(({ t, byClock }) => {
    if (byClock) view.advance(t)
    const proposals = byClock ? view.proposals() : []
    view.changes.recompute(t)
    const asked = view.drainRebalances()
    const rebalances = byClock ? asked : []
    const deciding = new Set(proposals.map(({ fund }) => fund))
    const measures = byClock ? storing.rows(t, view.ended, deciding) : storing.ledgerDriven(t)
    return { t, byClock, proposals, rebalances, measures }
  })

/** Gathers what the frame has for listeners and for the store. */
const asFrames = (view: View, frames: ChannelStates, asked: string[]): OperatorFunction<Measured, Frame> =>
  map(({ t, proposals, rebalances, measures }) => {
    frames.t = t
    const ticks = view.drainTicks()
    return { t, pushes: frames.drain(), ready: asked.splice(0), rows: { t, ticks, measures }, proposals, rebalances }
  })
