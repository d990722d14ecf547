import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../wire/crc32.ts'
import { applyPatch, canonical, emptyObject, type JsonObject } from '../wire/mergePatch.ts'
import { ByteWriter, utf8Bytes, utf8Text } from './byteWriter.ts'
import { StateTree } from './stateTree.ts'

const parse = (text: string): JsonObject => applyPatch(emptyObject(), JSON.parse(text)) as JsonObject

const written = (write: (out: ByteWriter) => unknown): string => {
  const out = new ByteWriter()
  write(out)
  return utf8Text(out.drain())
}
const snapshotOf = (state: StateTree): string => written(out => state.snapshot(out))
const canonicalOf = (state: StateTree): string => written(out => state.canonical(out))
const sinceOf = (state: StateTree, seq: number): string => written(out => state.since(seq, out))
/** Commits and tells the patch; '' where nothing changed. */
const commitOf = (state: StateTree): string => (state.commit() ? sinceOf(state, state.seq - 1) : '')

/** One write: a path of one or two keys, and a number, a text, an absence, or the removal of the whole branch. */
const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'ü"', 'Z')
const write = fc.record({ path: fc.tuple(key, key), what: fc.oneof(fc.double(), fc.constantFrom('remove branch', undefined, Number.NaN)) })
const frames = fc.array(fc.array(write, { maxLength: 6 }), { minLength: 1, maxLength: 30 })

describe('state', () => {
  it('patches any earlier snapshot into the present state, singly and merged', () => {
    fc.assert(
      fc.property(frames, script => {
        const state = new StateTree(12)
        const snapshots = [snapshotOf(state)]
        let followed: JsonObject = emptyObject()
        for (const frame of script) {
          for (const { path, what } of frame) {
            const branch = state.root.branch(path[0])
            if (what === 'remove branch') branch.remove()
            else branch.number(path[1]).set(what as number | undefined)
          }
          const patch = commitOf(state)
          if (patch === '') continue
          followed = applyPatch(followed, JSON.parse(patch)) as JsonObject
          snapshots.push(snapshotOf(state))
          expect(canonical(followed)).toBe(canonicalOf(state))
        }
        expect(state.seq).toBe(snapshots.length - 1)
        snapshots.forEach((text, seq) => {
          const merged = applyPatch(parse(text), JSON.parse(sinceOf(state, seq))) as JsonObject
          expect(canonical(merged)).toBe(canonicalOf(state))
        })
        expect(snapshotOf(state)).not.toMatch(/null|NaN|Infinity/)
        expect(canonical(parse(snapshotOf(state)))).toBe(canonicalOf(state))
      }),
    )
  })

  it('says nothing where nothing changed, and a number that rounds to the same is no change', () => {
    const state = new StateTree(3)
    const nav = state.root.number('nav')
    nav.set(101.44)
    expect(commitOf(state)).toBe('{"nav":101}')
    nav.set(101.2)
    expect(state.dirty).toBe(false)
    expect(commitOf(state)).toBe('')
    expect(state.seq).toBe(1)
  })

  it('keeps every digit of an exact number', () => {
    const state = new StateTree(3)
    state.root.exact('vwap').set(61707.6816167123)
    expect(commitOf(state)).toBe('{"vwap":61707.6816167123}')
  })

  it('keeps a branch that lost its last member as an empty object, on both sides', () => {
    const state = new StateTree(12)
    const unpriced = state.root.branch('unpriced')
    unpriced.value('BTC').set('no price yet')
    state.commit()
    unpriced.value('BTC').set(undefined)
    expect(commitOf(state)).toBe('{"unpriced":{"BTC":null}}')
    expect(snapshotOf(state)).toBe('{"unpriced":{}}')
  })

  it('forgets old removed keys, and then refuses to patch from before them', () => {
    const state = new StateTree(12)
    const last = state.root.branch('last')
    for (let i = 0; i < 5000; i++) {
      last.number(`t${i}`).set(i)
      if (i >= 100) last.number(`t${i - 100}`).remove()
      state.commit()
    }
    expect(last.size).toBe(100)
    expect(state.since(0, new ByteWriter())).toBe(false)
    expect(state.floor).toBeGreaterThan(0)
    expect(state.floor).toBeLessThan(state.seq - 500)
    const base = new StateTree(12)
    for (let i = state.floor - 100; i < state.floor; i++) base.root.branch('last').number(`t${i}`).set(i)
    const merged = applyPatch(parse(snapshotOf(base)), JSON.parse(sinceOf(state, state.floor))) as JsonObject
    expect(canonical(merged)).toBe(canonicalOf(state))
    expect(JSON.stringify(sinceOf(state, state.floor)).length).toBeLessThan(60_000)
  })
})

describe('a number', () => {
  const shown = (x: number, digits: number): string => {
    const state = new StateTree(digits)
    state.root.number('x').set(x)
    return snapshotOf(state).slice('{"x":'.length, -1)
  }

  it('is rounded to the significant digits, but for ties as toPrecision does it, and printed as ECMAScript prints it', () => {
    const anySize = fc
      .tuple(
        fc.double({ noNaN: true, min: -10, max: 10 }).filter(x => x === 0 || Math.abs(x) > 1e-9),
        fc.integer({ min: -40, max: 40 }),
      )
      .map(([x, e]) => x * 10 ** e)
    fc.assert(
      fc.property(anySize, fc.integer({ min: 6, max: 15 }), (x, digits) => {
        const text = shown(x, digits)
        const got = Number(text)
        const wanted = Number(x.toPrecision(digits))
        expect(Math.abs(got - wanted)).toBeLessThanOrEqual(Math.abs(wanted) * 10 ** (1 - digits) * 1.0001)
        expect(text).toBe(String(got))
      }),
      {
        numRuns: 5000,
        examples: [
          [0.1 + 0.2, 12],
          [1e22, 12],
          [999999999999.5, 12],
          [5e-7, 12],
          [1e21, 12],
          [-0, 12],
          [1e-6, 12],
          [9.9999999999996, 12],
        ],
      },
    )
  })

  it('is the same change however it was reached: from any value before it', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(values, list => {
        const state = new StateTree(12)
        const leaf = state.root.number('x')
        for (const x of list) leaf.set(x)
        expect(snapshotOf(state)).toBe(`{"x":${shown(list.at(-1)!, 12)}}`)
      }),
    )
  })

  it('that is not finite is absent', () => {
    const state = new StateTree(12)
    const leaf = state.root.number('x')
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY, undefined]) {
      leaf.set(1)
      leaf.set(x)
      expect(snapshotOf(state)).toBe('{}')
    }
  })

  it('is written by mantissa and places as its double would be', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 15) + 1, max: 10 ** 15 - 1 }), fc.integer({ min: -6, max: 22 }), (mantissa, places) => {
        expect(written(out => out.decimal(mantissa, places))).toBe(String(Number(`${mantissa}e${-places}`)))
      }),
      {
        numRuns: 5000,
        examples: [
          [0, 5],
          [-1, 0],
          [100, 2],
          [1, 6],
          [1, 7],
          [999999999999999, -6],
        ],
      },
    )
  })
})

describe('checksum', () => {
  it('is the CRC-32 that zlib computes', () => {
    expect(crc32(utf8Bytes('123456789'))).toBe('cbf43926')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(crc32(utf8Bytes(text))).toBe(zlibCrc32(text).toString(16).padStart(8, '0'))
      }),
    )
  })

  it('stands on the RFC 8785 form: the sample of its section 3.2.3 sorts by UTF-16 code unit', () => {
    const sample = parse(
      '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","1":"One","\\ud83d\\ude00":"Smiley","\\u0080":"Control","\\u00f6":"o"}',
    )
    const keys = Object.keys(JSON.parse(canonical(sample)))
    // An integer-like key comes first in any JavaScript object, so the order is read off the text.
    const order = ['\r', '1', '\u0080', 'ö', '€', '😀'].map(k => canonical(sample).indexOf(JSON.stringify(k)))
    expect([...order].sort((a, b) => a - b)).toEqual(order)
    expect(keys).toHaveLength(6)
  })
})
