import { identity, map, Observable, type OperatorFunction, startWith } from 'rxjs'
import type { AlertChange } from './alerts/alert.ts'
import { Alerts } from './alerts/alerts.ts'
import type { AlertRule } from './alerts/rule.ts'
import { AlertWatch } from './alertWatch.ts'
import { ChannelStates, type Channels } from './channels/channelStates.ts'
import { channelNames, openChannel } from './channels/registry.ts'
import type { Frame } from './frame.ts'
import type { Input } from './input.ts'
import { RowSampler } from './rowSampler.ts'
import { View, type ViewOptions } from './view.ts'
import { channelsOf } from './wire/channels.ts'

/** What a pipeline is made of. */
export interface PipelineOptions extends Omit<ViewOptions, 'alerts'> {
  /** Names this run of the pipeline; sequence numbers mean nothing across two. */
  readonly epoch: string
  /** Significant digits of measures on the wire. */
  readonly digits: number
  /** How often what changed is stored, ms of event time. */
  readonly storeMs: number
  /** Every channel is watched from before its first change, whether anybody listens or not: for a record of the run. */
  readonly everything: boolean
  /** What alerts are about; nothing is looked at without any. */
  readonly rules?: readonly AlertRule[]
  /** Whether everybody reads a channel: alerts about others are for the admin alone. */
  readonly isPublic?: (channel: string) => boolean
}

/** The pure part of a core. */
export interface Pipeline {
  /** Turns input into frames, each computed whole before the next input is taken. To be run once. */
  readonly run: (input$: Observable<Input>) => Observable<Frame>
  /** Returns the end (ms) of the first frame that something falls due in, before `t`; `t` or later if nothing does. */
  readonly dueBefore: (t: number) => number
  readonly channels: Channels
  readonly view: View
  /** Undefined without rules. */
  readonly alerts: AlertWatch | undefined
}

/** Makes a pipeline: one ordered input → one view → what is due at the end of each frame → patches for listeners, rows for the store. */
export const pipeline = (options: PipelineOptions): Pipeline => {
  const { rules = [], isPublic = () => false } = options
  const found = new Alerts(rules, isPublic)
  const view = new View({ ...options, alerts: found.book })
  const channels = new ChannelStates(options.epoch, options.digits)
  const alerts = rules.length > 0 ? new AlertWatch(rules, found, view, channels) : undefined
  const sampler = new RowSampler(view, options.storeMs)
  const asked: string[] = []
  if (options.everything) watchAll(view, channels)
  const intake: Intake = {
    view,
    sampler,
    alerts,
    open(name) {
      const channel = openChannel(view, channels, name)
      if (channel) asked.push(name)
      return channel
    },
    restored: () => restored(view, channels, sampler),
  }
  return {
    view,
    channels,
    alerts,
    dueBefore: t => dueBefore(t, intake),
    run: input$ =>
      input$.pipe(
        intoView(intake),
        // A channel watched from the start has its first state before any input.
        options.everything ? startWith({ t: 0, byClock: false }) : identity,
        measured(view, sampler, alerts),
        asFrames(channels, asked),
      ),
  }
}

/** The end of a frame: when, and whether time came to it or somebody only asked for the state as of the last one. */
interface Moment {
  readonly t: number
  readonly byClock: boolean
}

/** What inputs go into. */
interface Intake {
  readonly view: View
  readonly sampler: RowSampler
  readonly alerts: AlertWatch | undefined
  readonly open: (channel: string) => ReturnType<typeof openChannel>
  /** Called when the past has been put in between two frames. */
  readonly restored: () => void
}

/** Puts every input into the view and emits the ends of frames. They are taken one by one, so the view is then as of each. */
const intoView =
  (intake: Intake): OperatorFunction<Input, Moment> =>
  input$ =>
    new Observable(subscriber =>
      input$.subscribe({
        next(input) {
          for (const moment of momentsOf(input, intake)) subscriber.next(moment)
        },
        error: error => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    )

const momentsOf = function* (input: Input, intake: Intake): Iterable<Moment> {
  const { view, alerts, open, restored } = intake
  switch (input.kind) {
    case 'clock': {
      // What falls due in a gap without events happens in a frame of its own, at its own time. There is no gap before the first frame.
      for (let t = dueBefore(input.t, intake); t < input.t; t = dueBefore(input.t, intake)) yield { t, byClock: true }
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
    case 'status':
      alerts?.give(input.figures)
      return
    default:
      view.absorb(input)
      if (input.kind === 'past') alerts?.resume(input.alerts ?? [], input.ruleSamples)
      if (input.kind === 'past' && !view.open) restored()
      if (!BETWEEN.has(input.kind)) return
  }
  // Between two frames nothing is half done: a watched channel, a committed entry or a past that has become known shows at once, as of the last frame.
  if (!view.open) yield { t: view.t, byClock: false }
}

/** Inputs that show at once if no frame is open. */
const BETWEEN: ReadonlySet<Input['kind']> = new Set(['ledger', 'portfolios', 'imported', 'metrics', 'scores', 'models'])

/** Computes what follows from the past. It shows in the next frame, and is no change that would be stored: it was stored before. */
const restored = (view: View, channels: ChannelStates, sampler: RowSampler): void => {
  channels.hush()
  view.changes.recompute(view.t)
  sampler.restored()
  for (const channel of channels.speak()) view.changes.mark(channel)
}

/** Returns the end (ms) of the first frame that something falls due in, before `t`; `t` or later if nothing does, or a frame is open. */
const dueBefore = (t: number, { view, sampler, alerts }: Intake): number => {
  if (view.open || view.t === 0) return t
  const due = Math.max(Math.min(view.dueBefore(t), sampler.dueAt, alerts?.dueAt ?? t), view.t + 1)
  return Math.ceil(due / view.frameMs) * view.frameMs
}

/** Watches every channel that there is, and those of each symbol as it turns up. */
const watchAll = (view: View, channels: ChannelStates): void => {
  const keep = (name: string): void => {
    const channel = openChannel(view, channels, name)!
    channel.keep()
    view.changes.mark(channel)
  }
  for (const { symbol } of view.market.all) for (const name of channelsOf(symbol)) keep(name)
  for (const name of channelNames(view)) keep(name)
  view.market.made = ({ symbol }) => channelsOf(symbol).forEach(keep)
  view.metrics.made = asset => keep(`metrics:${asset}`)
  view.scores.made = asset => keep(`score:${asset}`)
  // Without a model its state is empty, and an empty state has no patch.
  keep('models')
}

/** A frame without what its channels have for listeners. */
type Measured = Omit<Frame, 'pushes' | 'ready'>

/** Lets time come to the end of the frame and computes what changed by it. */
const measured = (view: View, sampler: RowSampler, alerts: AlertWatch | undefined): OperatorFunction<Moment, Measured> =>
  map(({ t, byClock }) => {
    if (byClock) view.advance(t)
    const proposals = byClock ? view.proposals() : []
    view.changes.recompute(t)
    const happened = byClock && alerts ? alerts.endOfFrame(t) : NOTHING
    // What channels show of it belongs to this frame.
    if (happened.length > 0) view.changes.recompute(t)
    const output = view.drainOutput()
    const rebalances = byClock ? output.rebalances : []
    const deciding = new Set(proposals.map(({ fund }) => fund))
    const measures = byClock ? sampler.rows(t, view.ended, deciding, output) : sampler.between(t, output)
    return {
      t,
      proposals,
      rebalances,
      rows: { t, ticks: output.ticks, listening: output.listening, measures },
      logs: output.logs,
      events: output.events,
      alerts: happened,
    }
  })

const NOTHING: readonly AlertChange[] = []

/** Adds what the frame has for listeners. */
const asFrames = (channels: ChannelStates, asked: string[]): OperatorFunction<Measured, Frame> =>
  map(({ t, ...measured }) => {
    channels.t = t
    return { t, pushes: channels.drain(), ready: asked.splice(0), ...measured }
  })
