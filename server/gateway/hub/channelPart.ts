import { utf8Bytes, utf8Text } from '../../../streams/channels/byteWriter.ts'
import type { Push } from '../../../streams/channels/channelStates.ts'
import { crc32 } from '../../../streams/wire/crc32.ts'
import {
  applyPatch,
  canonical,
  emptyObject,
  type JsonObject,
  type PatchObject,
  patchBetween,
  restated,
} from '../../../streams/wire/mergePatch.ts'
import { Projection } from '../../../streams/wire/projection.ts'
import { Condition, type When } from './condition.ts'

/** What of a channel is followed: these members, and only when this holds; all of it where one is left out. */
export interface PartOptions {
  readonly fields?: readonly string[] | undefined
  readonly when?: When | undefined
}

/** Returns the name under which a channel is followed. Under some members or a condition it has a blank, as no channel's own name has. */
export const partName = (channel: string, { fields, when }: PartOptions): string =>
  fields === undefined && when === undefined
    ? channel
    : `${channel} ${JSON.stringify({ fields: fields && [...new Set(fields)].sort(), when: when && [when.field, when.change] })}`

/** Returns the channel of which a name means a part; undefined if it is a channel's own name. */
export const baseOf = (name: string): string | undefined => {
  const blank = name.indexOf(' ')
  return blank < 0 ? undefined : name.slice(0, blank)
}

/** Some members of a channel's state, as of a push of the channel: the newest one, or that at which a condition held last. */
export class ChannelPart {
  readonly name: string
  readonly base: string
  /** What was pushed. It has the channel's own numbers, of which it skips some. */
  seq = 0
  private readonly projection: Projection | undefined
  private readonly when: When | undefined
  private condition: Condition | undefined
  /** The name in its pushes; '' while it waits for its channel. */
  private shown = ''
  private state: JsonObject = emptyObject()
  private t = 0
  /** The same members as of the channel's newest push, with its number and time. */
  private now = { state: this.state, seq: 0, t: 0 }

  /** Reads a name that `partName` has made. */
  constructor(name: string, base: string) {
    const { fields, when } = JSON.parse(name.slice(base.length + 1)) as { fields?: string[]; when?: [field: string, change: number] }
    this.name = name
    this.base = base
    this.projection = fields && new Projection(fields)
    this.when = when && { field: when[0], change: when[1] }
  }

  /** Whether its channel is there. */
  get begun(): boolean {
    return this.shown !== ''
  }

  /** Begins with a snapshot of the channel, as of `t`. */
  begin({ bytes, seq }: Push, t: number): void {
    const { ch, snap } = JSON.parse(utf8Text(bytes)) as { ch: string; snap: JsonObject }
    this.shown = ch
    this.condition = this.when && new Condition(this.when, snap)
    this.now = { state: this.projection?.of(snap) ?? snap, seq, t }
    this.settle()
  }

  /** Takes in a push of the channel. Returns that of the part; undefined if nothing of it changes, or the condition does not hold. */
  accept(seq: number, t: number, d: PatchObject): Push | undefined {
    if (this.condition === undefined) return this.follow(seq, t, d)
    const state = this.projection
      ? (this.projection.step(this.now.state, d)?.state ?? this.now.state)
      : (applyPatch(this.now.state, d) as JsonObject)
    this.now = { state, seq, t }
    return this.condition.accept(d) ? this.catchUp() : undefined
  }

  /** Returns the push that brings the part to the channel's newest state; undefined if it is there. */
  catchUp(): Push | undefined {
    if (this.state === this.now.state) return undefined
    const d = patchBetween(this.state, this.now.state)
    if (Object.keys(d).length === 0) return undefined
    const prev = this.seq
    this.settle()
    return this.patch(prev, this.t, d, false)
  }

  /** Returns the whole part, as of `t` if nothing of the channel has been kept back. */
  snapshot(epoch: string, t: number): Push {
    const { shown: ch, seq, state: snap } = this
    const message = { ch, epoch, seq, t: snap === this.now.state ? t : this.t, snap }
    return { channel: this.name, seq, prev: seq, bytes: utf8Bytes(JSON.stringify(message)) }
  }

  /** Returns the patch from the part at `seq`, out of the channel's patch since then; undefined if that cannot be said in a patch. */
  since(seq: number, whole: PatchObject, t: number): Push | undefined {
    const d = this.projection?.restrict(whole, this.now.state) ?? whole
    if (this.condition === undefined) return this.patch(seq, t, d, true)
    const kept = restated(d, this.state)
    return kept && this.patch(seq, this.state === this.now.state ? t : this.t, kept, true)
  }

  /** Returns the checksum of the part. */
  checksum(): Push {
    const { shown: ch, seq, state } = this
    return { channel: this.name, seq, prev: seq, bytes: utf8Bytes(JSON.stringify({ ch, seq, h: crc32(utf8Bytes(canonical(state))) })) }
  }

  /** Without a condition the step of the projection is the push. */
  private follow(seq: number, t: number, d: PatchObject): Push | undefined {
    const step = this.projection!.step(this.state, d)
    if (step === undefined) return undefined
    const prev = this.seq
    this.now = { state: step.state, seq, t }
    this.settle()
    return this.patch(prev, t, step.patch, false)
  }

  /** What is known now is what was pushed. */
  private settle(): void {
    this.state = this.now.state
    this.seq = this.now.seq
    this.t = this.now.t
    this.condition?.pushed()
  }

  private patch(prev: number, t: number, d: PatchObject, merged: boolean): Push {
    const { name, shown: ch, seq } = this
    const isNext = prev === seq - 1
    const push = { ch, seq, ...(!isNext && { prev }), t, ...(merged && !isNext && { merged: seq - prev }), d }
    return { channel: name, seq, prev, bytes: utf8Bytes(JSON.stringify(push)) }
  }
}
