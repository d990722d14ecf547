import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyPatch, canonical, emptyObject, type Json, type JsonObject, type PatchObject } from './mergePatch.ts'
import { Projection } from './projection.ts'
import { projected } from './statePath.ts'

const KEYS = ['a', 'b', 'c', 'a.b', 'b.c', '__proto__']
const key = fc.constantFrom(...KEYS)
const leaf: fc.Arbitrary<Json> = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.constant('x'), fc.constant([1, 2]))
const stateOf = (depth: number): fc.Arbitrary<JsonObject> =>
  fc.dictionary(key, depth === 0 ? leaf : fc.oneof(leaf, stateOf(depth - 1)), {
    maxKeys: 4,
    noNullPrototype: false,
  }) as fc.Arbitrary<JsonObject>
const paths = fc.uniqueArray(
  fc.array(key, { minLength: 1, maxLength: 3 }).map(keys => keys.join('.')),
  { minLength: 1, maxLength: 4 },
)

/** The merge patch between two states, as the server writes them. */
const between = (before: JsonObject, after: JsonObject): PatchObject => {
  const patch: PatchObject = Object.create(null)
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) patch[name] = null
  for (const [name, value] of Object.entries(after)) {
    const had = Object.hasOwn(before, name) ? before[name] : undefined
    if (had !== undefined && canonical(had) === canonical(value)) continue
    const both = isObject(had) && isObject(value)
    patch[name] = both ? between(had, value) : (value as never)
  }
  return patch
}
const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

describe('a projection', () => {
  it('follows its state patch by patch, one at a time or several at once', () => {
    fc.assert(
      fc.property(paths, fc.array(stateOf(2), { minLength: 1, maxLength: 6 }), (wanted, states) => {
        const projection = new Projection(wanted)
        const [first, ...others] = states
        let live = projection.of(first!)
        const seen = [live]
        let before = first!
        for (const state of others) {
          const step = projection.step(live, between(before, state))
          if (step) {
            expect(canonical(applyPatch(live, step.patch as never))).toBe(canonical(step.state))
            live = step.state
          }
          // What a step says is what the state has, and without a step nothing has changed.
          expect(canonical(live)).toBe(canonical(projection.of(state)))
          seen.push(live)
          before = state
        }
        for (const [i, older] of seen.entries()) {
          const patch = projection.restrict(between(states[i]!, states.at(-1)!), live)
          expect(canonical(applyPatch(older, patch as never))).toBe(canonical(live))
        }
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    [['nav'], { nav: 1, aum: 2 }, { nav: 1 }],
    [['inav.mid'], { inav: { bid: 1, mid: 2 }, nav: 3 }, { inav: { mid: 2 } }],
    [['inav.mid'], { inav: { bid: 1 } }, {}],
    [['weights'], { weights: {} }, { weights: {} }],
    [['weights.A.B'], { weights: { 'A.B': 1, A: 2 } }, { weights: { 'A.B': 1 } }],
    [['inav', 'inav.mid'], { inav: { bid: 1, mid: 2 } }, { inav: { bid: 1, mid: 2 } }],
    [['nothing'], { nav: 1 }, {}],
  ])('of %j has of %j what it names', (wanted, state, expected) => {
    expect({ ...new Projection(wanted).of(state) }).toEqual(expected)
    expect(JSON.parse(JSON.stringify(new Projection(wanted).of(state)))).toEqual(JSON.parse(JSON.stringify(expected)))
  })

  it('has what a path finds in a state, unless its object holds nothing', () => {
    const state = { nav: 1, inav: { mid: 2, bid: 3 }, assets: { 'A.B': { qty: 4, cost: 5 } } }
    for (const wanted of [['nav'], ['inav.mid', 'assets.A.B.qty'], ['assets.A.B'], ['inav', 'nav']])
      expect(canonical(new Projection(wanted).of(state))).toBe(canonical(projected(state, wanted)))
    expect(new Projection(['x']).of(emptyObject())).toEqual({})
  })
})
