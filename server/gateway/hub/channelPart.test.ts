import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter, utf8Bytes, utf8Text } from '../../../streams/channels/byteWriter.ts'
import type { Push } from '../../../streams/channels/channelStates.ts'
import { StateTree } from '../../../streams/channels/stateTree.ts'
import { applyPatch, canonical, type JsonObject, type PatchObject } from '../../../streams/wire/mergePatch.ts'
import { projected, valueAt } from '../../../streams/wire/statePath.ts'
import { ChannelPart, type PartOptions, partName } from './channelPart.ts'
import { isBeyond } from './condition.ts'

/** One write: `nav`, or a member of a branch, to a number or away; or a whole branch away. */
const figure = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(100, 100.05, 101, 110), fc.constant(undefined))
const write = fc.oneof(
  fc.record({ path: fc.constantFrom<string[]>(['nav'], ['a', 'x'], ['a', 'y'], ['b', 'x']), value: figure }),
  fc.record({ path: fc.constantFrom<string[]>(['a'], ['b']), value: fc.constant(undefined) }),
)
interface Frame {
  readonly writes: readonly { readonly path: readonly string[]; readonly value: number | undefined }[]
  /** Another begins to follow the part. */
  readonly joins: boolean
}
const frames: fc.Arbitrary<Frame[]> = fc.array(fc.record({ writes: fc.array(write, { maxLength: 4 }), joins: fc.boolean() }), {
  minLength: 1,
  maxLength: 25,
})
const options = fc.record(
  {
    fields: fc.constantFrom<string[]>(['nav'], ['nav', 'a'], ['a.x', 'b'], ['nothing']),
    when: fc.record({ field: fc.constantFrom('nav', 'a.x', 'b', 'nothing'), change: fc.constantFrom(1e-9, 0.001, 0.05, 0.5, 10) }),
  },
  { requiredKeys: ['when'] },
)

/** A channel as the core keeps it. */
class Told {
  readonly tree = new StateTree(12)
  readonly states: JsonObject[] = [{}]
  private readonly out = new ByteWriter()

  get seq(): number {
    return this.tree.seq
  }

  /** Writes, and returns the patch; undefined if nothing changed. */
  frame(writes: Frame['writes']): PatchObject | undefined {
    const { root } = this.tree
    for (const { path, value } of writes) {
      const [first, second] = path as readonly [string, string?]
      if (first === 'nav') root.number(first).set(value)
      else if (second === undefined) root.branch(first).remove()
      else root.branch(first).number(second).set(value)
    }
    if (!this.tree.commit()) return undefined
    this.states.push(JSON.parse(this.said(out => this.tree.snapshot(out))) as JsonObject)
    return this.since(this.seq - 1)
  }

  since(seq: number): PatchObject {
    return JSON.parse(this.said(out => this.tree.since(seq, out))) as PatchObject
  }

  private said(write: (out: ByteWriter) => unknown): string {
    write(this.out)
    return utf8Text(this.out.drain())
  }
}

/** What a subscription is to show: by whole states, one after the other. */
const naive = ({ fields, when }: PartOptions) => {
  const shown = (state: JsonObject): JsonObject => (fields ? projected(state, fields) : state)
  let last: JsonObject = {}
  return {
    /** Returns what is pushed when the state is this one. */
    next(state: JsonObject, always = false): JsonObject | undefined {
      const differs = canonical(shown(state)) !== canonical(shown(last))
      const holds = changed(valueAt(last, when!.field), valueAt(state, when!.field), when!.change)
      if (!differs || !(holds || always)) return undefined
      last = state
      return shown(state)
    },
  }
}
const changed = (from: unknown, to: unknown, share: number): boolean =>
  typeof from === 'number' && typeof to === 'number'
    ? Math.abs(to - from) > share * Math.abs(from)
    : canonical((from ?? '') as never) !== canonical((to ?? '') as never)

const read = (push: Push): { seq: number; prev?: number; snap?: JsonObject; d: PatchObject; h?: string } => JSON.parse(utf8Text(push.bytes))

/** Plays frames; gives each client's view after each of its pushes. */
const play = (wanted: PartOptions, script: readonly Frame[]): void => {
  const told = new Told()
  const part = new ChannelPart(partName('fund:F', wanted), 'fund:F')
  part.begin({ channel: 'fund:F', seq: 0, prev: 0, bytes: utf8Bytes('{"ch":"fund:F","snap":{}}') }, 0)
  const filter = naive(wanted)
  const seen = [{ seq: 0, state: {} as JsonObject }]
  const take = (push: Push | undefined, expected: JsonObject | undefined): void => {
    expect(push === undefined).toBe(expected === undefined)
    if (push === undefined) return
    const { seq, prev = seq - 1, d } = read(push)
    const before = seen.at(-1)!
    expect([prev, seq]).toEqual([before.seq, told.seq])
    const state = applyPatch(before.state, d) as JsonObject
    expect(canonical(withoutEmpty(state))).toBe(canonical(withoutEmpty(expected!)))
    seen.push({ seq, state })
  }
  for (const [i, { writes, joins }] of script.entries()) {
    const d = told.frame(writes)
    const state = told.states.at(-1)!
    if (d) take(part.accept(told.seq, i + 1, d), filter.next(state))
    if (joins) take(part.catchUp(), filter.next(state, true))
  }
  const { seq, state } = seen.at(-1)!
  expect(part.seq).toBe(seq)
  expect(canonical(read(part.snapshot('k', 99)).snap!)).toBe(canonical(state))
  expect(read(part.checksum()).h).toBe(crc32(canonical(state)).toString(16).padStart(8, '0'))
  for (const older of seen) {
    const push = part.since(older.seq, told.since(older.seq), 99)
    if (push) expect(canonical(applyPatch(older.state, read(push).d))).toBe(canonical(state))
  }
}

/** A branch that has lost its last member stays as an empty object in a state, and is absent in some members of it. */
const withoutEmpty = (state: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(state).filter(([, member]) => typeof member !== 'object' || Object.keys(member).length > 0))

describe('a part of a channel under a condition', () => {
  it('is pushed as a naive filter over whole states would, and so are its snapshots, checksums and merged patches', () => {
    fc.assert(fc.property(options, frames, play), { numRuns: 3_000 })
  })

  it('has one name for the same members, however they are listed; a whole channel keeps its own', () => {
    expect(partName('fund:F', { fields: ['nav', 'a', 'nav'] })).toBe(partName('fund:F', { fields: ['a', 'nav'] }))
    expect(partName('fund:F', { when: { field: 'nav', change: 1 } })).not.toBe(partName('fund:F', { when: { field: 'nav', change: 2 } }))
    expect(partName('fund:F', {})).toBe('fund:F')
  })
})

it.each([
  ['more than the share', 100, 100.2, 0.001, true],
  ['less', 100, 100.05, 0.001, false],
  ['exactly the share', 100, 101, 0.01, false],
  ['downwards', 100, 99.8, 0.001, true],
  ['from zero', 0, 1e-9, 10, true],
  ['below zero', -100, -100.05, 0.001, false],
  ['from unknown', undefined, 1, 10, true],
  ['to unknown', 1, undefined, 10, true],
  ['amounts that somebody owns', '100', '100.05', 0.001, false],
  ['texts', 'live', 'down', 10, true],
  ['nothing', undefined, undefined, 0.1, false],
  ['a flag', false, false, 0.1, false],
])('a condition holds or not: %s', (_, from, to, share, holds) => {
  expect(isBeyond(from, to, share)).toBe(holds)
})
