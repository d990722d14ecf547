import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyPatch, type JsonObject, type PatchObject, patchBetween } from '../../../streams/wire/mergePatch.ts'
import { CopiedState } from './copiedState.ts'

/** States of numbers, lists and objects whose members come and go; what is an object stays one. */
const leaf = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }))
const members = (value: fc.Arbitrary<JsonObject[string]>) =>
  fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), value, { maxKeys: 3 })
const state = fc.record({ x: leaf, m: members(leaf), n: members(members(leaf)) }, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>

/** States one after the other, and the patch to each from the one before. */
const history = fc
  .array(state, { minLength: 2, maxLength: 8 })
  .map(states => ({ states, patches: states.slice(1).map((next, i) => ({ seq: i + 1, d: patchBetween(states[i]!, next) })) }))
const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T
const patched = (from: JsonObject, d: PatchObject | undefined): unknown => applyPatch(from, d!)

describe('the copy of a state', () => {
  it('is the state after each patch, and makes of any earlier one the present one', () => {
    void fc.assert(
      fc.property(history, ({ states, patches }) => {
        const copy = new CopiedState(copyOf(states[0]!), 0)
        patches.forEach(({ seq, d }) => {
          copy.apply(copyOf(d), seq)
          expect(copy.state).toEqual(states[seq])
          for (let before = 0; before <= seq; before++) expect(patched(states[before]!, copy.since(before))).toEqual(states[seq])
        })
        expect([copy.since(-1), copy.since(patches.length + 1)]).toEqual([undefined, undefined])
      }),
    )
  })

  it('that begins late knows from the patches before its snapshot what changed since they began', () => {
    void fc.assert(
      fc.property(history, fc.nat(), fc.nat(), ({ states, patches }, a, b) => {
        const [from, at] = [a % states.length, b % states.length].sort((x, y) => x - y) as [number, number]
        const copy = new CopiedState(copyOf(states[at]!), at)
        copy.learn(from, copyOf(patches.slice(from, at)))
        for (const { seq, d } of patches.slice(at)) copy.apply(copyOf(d), seq)
        const last = states.length - 1
        expect(copy.floor).toBeLessThanOrEqual(at)
        for (let before = copy.floor; before <= last; before++) expect(patched(states[before]!, copy.since(before))).toEqual(states[last])
      }),
    )
  })

  it('that has missed patches becomes what a snapshot says, and can say what changed', () => {
    void fc.assert(
      fc.property(history, ({ states }) => {
        const copy = new CopiedState(copyOf(states[0]!), 0)
        states.forEach((next, i) => {
          copy.become(copyOf(next), 3 * i)
          expect(copy.state).toEqual(next)
          for (let before = 0; before <= i; before++) expect(patched(states[before]!, copy.since(3 * before))).toEqual(next)
        })
      }),
    )
  })

  it('says no more than what has changed', () => {
    const copy = new CopiedState({ a: 1, b: { c: 1, d: [1] }, e: { f: {} } }, 5)
    copy.become({ a: 1, b: { c: 2, d: [1] }, e: { f: {} } }, 9)
    expect(copy.since(5)).toEqual({ b: { c: 2 } })
    expect(copy.since(9)).toEqual({})
  })

  it('forgets members that have gone long ago', () => {
    const copy = new CopiedState({}, 0)
    for (let seq = 1; seq <= 10_000; seq++) copy.apply(seq % 2 ? { [`k${seq}`]: 1 } : { [`k${seq - 1}`]: null }, seq)
    expect(copy.floor).toBeGreaterThan(5_000)
    expect(Object.keys(copy.since(copy.floor)!).length).toBeLessThan(2_500)
  })
})
