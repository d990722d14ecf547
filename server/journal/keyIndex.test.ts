import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyIndex } from './keyIndex.ts'

type Key = readonly [who: string, key: string]

/** An index of these keys, the first under number 1. */
const indexOf = (keys: readonly Key[]): KeyIndex => {
  const index = new KeyIndex()
  for (const [i, [who, key]] of keys.entries()) index.add(who, key, i + 1)
  return index
}

/** The number of a key as a reader of the entries finds it, and at how many they had to look. */
const lookUp = (index: KeyIndex, keys: readonly Key[], [who, key]: Key): { seq: number | undefined; looked: number } => {
  let looked = 0
  const seq = index.find(who, key, n => {
    looked += 1
    const [w, k] = keys[n - 1]!
    return w === who && k === key
  })
  return { seq, looked }
}

describe('the index of keys', () => {
  it('finds every key among others of the same tag, and none that is not there', () => {
    // The separator moved: whatever stands on its two sides, all have one tag.
    const together = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 7 })).map(([x, at]): Key => {
      const parts = Array.from({ length: 8 }, () => x)
      return [parts.slice(0, at).join('\x1f'), parts.slice(at).join('\x1f')]
    })
    const key = fc.oneof(together, fc.tuple(fc.string(), fc.string()))
    const all = fc.uniqueArray(key, { selector: one => JSON.stringify(one), minLength: 1, maxLength: 100, size: 'max' })
    let most = 0
    fc.assert(
      fc.property(all, fc.nat(), (keys, n) => {
        const there = keys.slice(0, n % (keys.length + 1))
        const index = indexOf(there)
        for (const [i, one] of keys.entries()) {
          const { seq, looked } = lookUp(index, there, one)
          expect(seq).toBe(i < there.length ? i + 1 : undefined)
          most = Math.max(most, looked)
        }
      }),
    )
    // There were such of the same tag.
    expect(most).toBeGreaterThan(3)
  })

  it('finds every key however much it has grown, and seldom has to look at another', () => {
    const keys = Array.from({ length: 50_000 }, (_, i): Key => [`client${i % 100}`, `order-${i}`])
    const index = indexOf(keys)
    let looked = 0
    for (const [i, key] of keys.entries()) {
      const found = lookUp(index, keys, key)
      if (found.seq !== i + 1) expect(found.seq).toBe(i + 1)
      looked += found.looked
    }
    expect(looked).toBeLessThan(keys.length + 50)
    for (let i = 0; i < 1_000; i++) expect(lookUp(index, keys, ['client1', `never-${i}`]).seq).toBeUndefined()
  })

  it('has the numbers of one key under which several entries lie, the first that is meant', () => {
    const index = new KeyIndex()
    for (const seq of [3, 5, 9]) index.add('ann', 'k', seq)
    expect([3, 5, 9, 10].map(wanted => index.find('ann', 'k', seq => seq === wanted))).toEqual([3, 5, 9, undefined])
  })
})
