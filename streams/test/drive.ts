import { Subject } from 'rxjs'
import { utf8Text } from '../channels/byteWriter.ts'
import type { Push } from '../channels/channelStates.ts'
import type { Frame } from '../frame.ts'
import type { FundSpec } from '../fund/spec.ts'
import type { Input } from '../input.ts'
import { parseDecimal } from '../lib/decimal.ts'
import { Interner } from '../lib/interner.ts'
import type { Side } from '../market/ticks.ts'
import { TickWriter } from '../market/tickWriter.ts'
import { type Pipeline, type PipelineOptions, pipeline } from '../pipeline.ts'
import { applyPatch, canonical, emptyObject, type JsonObject } from '../wire/mergePatch.ts'

/** 2024-08-08T12:00:00Z, a whole minute, frame and day-part of everything that tests count in. */
export const NOON = Date.UTC(2024, 7, 8, 12)

export interface Trade {
  symbol: string
  t: number
  price: number
  size?: number
  side?: Side
  id?: string
}

/** A pipeline under test: inputs go in one by one, frames are collected, and a follower applies every push as a client would. */
export class Driven {
  readonly frames: Frame[] = []
  readonly symbols = new Interner()
  readonly sources = new Interner()
  readonly pipeline: Pipeline
  private readonly input = new Subject<Input>()
  private readonly followed = new Map<string, { seq: number; state: JsonObject }>()
  private nextId = 0

  constructor(options: Partial<PipelineOptions> = {}) {
    this.pipeline = pipeline({
      symbols: this.symbols,
      sources: this.sources,
      frameMs: 20,
      staleAfterMs: 10_000,
      feeds: [{ id: 'a', live: false }],
      funds: [],
      portfolios: [],
      pools: [],
      epoch: 'e1',
      digits: 12,
      storeMs: 1000,
      everything: false,
      ...options,
    })
    this.pipeline.run(this.input).subscribe(frame => {
      this.frames.push(frame)
      for (const push of frame.pushes) this.take(push)
    })
  }

  send(input: Input): void {
    this.input.next(input)
  }

  clock(t: number): void {
    this.send({ kind: 'clock', t })
  }

  /** Begins to listen; what is then known arrives as a snapshot at the next end of a frame. */
  watch(...channels: string[]): void {
    for (const channel of channels) this.send({ kind: 'watch', channel, on: true })
    for (const channel of channels) {
      const snapshot = this.pipeline.channels.snapshot(channel)
      if (snapshot) this.take(snapshot)
    }
  }

  trades(feed: number, ...list: Trade[]): void {
    const writer = new TickWriter(feed)
    for (const trade of list) {
      writer.message(Number.NaN)
      this.nextId += 1
      const id = trade.id ?? String(this.nextId)
      writer.trade(
        this.symbols.index(trade.symbol),
        this.sources.index('venue'),
        trade.t,
        trade.price,
        trade.size ?? 1,
        trade.side ?? 'buy',
        id,
      )
    }
    const ticks = writer.drain()
    if (ticks) this.send(ticks)
  }

  quote(feed: number, symbol: string, t: number, bid: number, ask: number): void {
    const writer = new TickWriter(feed)
    writer.message(Number.NaN)
    writer.quote(this.symbols.index(symbol), this.sources.index('venue'), t, bid, ask)
    this.send(writer.drain()!)
  }

  /** The state as a client that applied every push has it. */
  state<T = Record<string, never>>(channel: string): T {
    return (this.followed.get(channel)?.state ?? {}) as T
  }

  /** What clients have equals what the pipeline has. */
  agrees(): boolean {
    return [...this.followed].every(([channel, { seq, state }]) => {
      const snapshot = JSON.parse(utf8Text(this.pipeline.channels.snapshot(channel)!.bytes))
      return snapshot.seq === seq && canonical(state) === canonical(snapshot.snap)
    })
  }

  private take({ bytes }: Push): void {
    const push = JSON.parse(utf8Text(bytes))
    if ('snap' in push) {
      this.followed.set(push.ch, { seq: push.seq, state: applyPatch(emptyObject(), push.snap) as JsonObject })
      return
    }
    const known = this.followed.get(push.ch)
    // Patches of the frame that makes a channel readable come before its snapshot.
    if (known === undefined) return
    if (known.seq !== (push.prev ?? push.seq - 1)) throw new Error(`${push.ch}: at ${known.seq}, patch from ${push.prev ?? push.seq - 1}`)
    known.seq = push.seq
    known.state = applyPatch(known.state, push.d) as JsonObject
  }
}

export const fundSpec = (spec: Partial<FundSpec> & Pick<FundSpec, 'weighting'>): FundSpec => ({
  id: 'F',
  name: 'F',
  quote: 'USD',
  supplies: new Map(),
  initialPrice: parseDecimal('100')!,
  initialShares: parseDecimal('10000')!,
  inceptionTimeoutMs: 60_000,
  targets: 'frozen',
  rebalance: {
    assetThreshold: Number.POSITIVE_INFINITY,
    totalThreshold: Number.POSITIVE_INFINITY,
    maxIntervalMs: Number.POSITIVE_INFINITY,
  },
  createFeeBps: 0,
  redeemFeeBps: 0,
  market: undefined,
  ...spec,
})
