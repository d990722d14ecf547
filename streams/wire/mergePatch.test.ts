import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyPatch, canonical, composed, emptyObject, type Json, type JsonObject, type Patch, type PatchObject } from './mergePatch.ts'

/** Without prototypes, as states are. */
const bare = (value: unknown): Json => {
  if (typeof value !== 'object' || value === null) return value as Json
  const object = emptyObject()
  for (const [key, member] of Object.entries(value)) object[key] = bare(member)
  return object
}

const key = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'ü', '10', '9', '\u20ac', '😀')
const { state } = fc.letrec<{ state: JsonObject; value: Json }>(tie => ({
  state: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(entries => {
    const object = emptyObject()
    for (const [name, value] of entries) object[name] = value
    return object
  }),
  value: fc.oneof({ maxDepth: 3 }, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string(), fc.boolean(), tie('state')),
}))

/** What makes `to` of `from`, told the naive way. */
const difference = (from: JsonObject, to: JsonObject): PatchObject => {
  const patch: PatchObject = Object.create(null)
  for (const name of Object.keys(from)) if (!(name in to)) patch[name] = null
  for (const [name, value] of Object.entries(to)) {
    const was = from[name]
    const both = typeof value === 'object' && typeof was === 'object'
    if (both) patch[name] = difference(was as JsonObject, value as JsonObject)
    else if (!Object.is(was, value)) patch[name] = value
  }
  return patch
}

describe('a merge patch', () => {
  /** The examples of RFC 7396, appendix A, but for those with arrays and with null in the target, which no state has. */
  it.each<[original: unknown, patch: Exclude<Patch, null>, result: unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('makes of %j by %j: %j', (original, patch, result) => {
    expect(applyPatch(bare(original), patch)).toEqual(bare(result))
  })

  it('makes an object of what was none, and replaces one that is to be none', () => {
    expect(applyPatch(undefined, { a: 1 })).toEqual(bare({ a: 1 }))
    expect(applyPatch(bare({ a: 7 }), { a: { b: 1, c: null } })).toEqual(bare({ a: { b: 1 } }))
    expect(applyPatch(bare({ a: { b: 1 } }), { a: false })).toEqual(bare({ a: false }))
  })

  it('of the difference of two states makes one of the other, whatever their keys are called', () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        const patch = JSON.parse(JSON.stringify(difference(from, to)))
        expect(canonical(applyPatch(bare(from), patch))).toBe(canonical(to))
      }),
    )
  })

  it('leaves the state as it was, shares with it all that did not change, and is the same state if nothing changed', () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        const before = canonical(from)
        const after = applyPatch(from, JSON.parse(JSON.stringify(difference(from, to)))) as JsonObject
        expect(canonical(from)).toBe(before)
        for (const name of Object.keys(to))
          if (Object.hasOwn(from, name) && canonical(from[name]!) === canonical(to[name]!)) expect(after[name]).toBe(from[name])
        expect(applyPatch(after, JSON.parse(canonical(after)))).toBe(after)
      }),
    )
  })

  it('of two that follow each other does what both do, unless it would have to remove what it does not know', () => {
    fc.assert(
      fc.property(state, state, state, (from, between, to) => {
        const [first, second] = [difference(from, between), difference(between, to)]
        const both = composed(first, second)
        if (both !== undefined) expect(canonical(applyPatch(from, JSON.parse(JSON.stringify(both))))).toBe(canonical(to))
      }),
    )
    expect(composed({ a: 1, b: { c: 1 }, d: null }, { a: null, b: { e: 2, c: null }, f: { g: 1 } })).toEqual(
      bare({ a: null, b: { c: null, e: 2 }, d: null, f: { g: 1 } } as unknown),
    )
    expect(composed({ a: null }, { a: { b: 1 } })).toBeUndefined()
  })

  it('pollutes no prototype', () => {
    const patch: Exclude<Patch, null> = JSON.parse('{"__proto__":{"polluted":1},"a":{"b":1}}')
    const one = applyPatch(applyPatch(emptyObject(), patch), { a: { b: 2 } }) as JsonObject
    expect('polluted' in {}).toBe(false)
    expect(Object.getPrototypeOf(one)).toBe(Object.prototype)
    expect(canonical(one)).toBe('{"__proto__":{"polluted":1},"a":{"b":2}}')
    expect(canonical(applyPatch({}, JSON.parse('{"__proto__":null,"constructor":null,"toString":1}')))).toBe('{"toString":1}')
  })
})

describe('the canonical form', () => {
  it('is JSON of the same value, its keys in the order of their UTF-16 code units', () => {
    fc.assert(
      fc.property(state, value => {
        const text = canonical(value)
        expect(canonical(bare(JSON.parse(text)))).toBe(text)
        // The naive way: a list of names and values, sorted.
        const told = (v: Json): string =>
          typeof v !== 'object'
            ? JSON.stringify(v)
            : `{${Object.entries(v)
                .sort(([a], [b]) => (a < b ? -1 : 1))
                .map(([name, member]) => `${JSON.stringify(name)}:${told(member)}`)
                .join(',')}}`
        expect(text).toBe(told(value))
      }),
    )
  })

  it.each([
    [333333333.3333333, '333333333.3333333'],
    [1e30, '1e+30'],
    [4.5, '4.5'],
    [0.002, '0.002'],
    [0.000000000000000000000000001, '1e-27'],
    [-0, '0'],
  ])('prints %d as ECMAScript does: the numbers of RFC 8785', (value, text) => {
    expect(canonical(value)).toBe(text)
  })
})
