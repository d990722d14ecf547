import { describe, expect, it } from 'vitest'
import { partOf, readShard, shardOf, shardText } from './shard.ts'

const named = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => ({ id: `${prefix}${i}` }))
const whole = { quote: 'USD', funds: named('F', 5), portfolios: named('main-', 1_000), pools: named('0x', 300) }

describe('a shard', () => {
  it.each([
    ['2', '--shard: found "2", expected K/N, such as 1/2'],
    ['1/2/3', '--shard: found "1/2/3", expected K/N, such as 1/2'],
    ['a/b', '--shard: found "a/b", expected K/N, such as 1/2'],
    ['0/2', '--shard: found "0", expected'],
    ['3/2', '--shard: found "3", expected'],
    ['1/65', '--shard: found "65", expected'],
  ])('is refused as %s', (text, line) => {
    expect(() => readShard(text)).toThrow(line)
  })

  it('is written as it is read', () => {
    expect(shardText(readShard('2/3'))).toBe('2/3')
  })

  it.each([1, 2, 3, 7])('has each portfolio and pool once, if there are %i', count => {
    const parts = Array.from({ length: count }, (_, i) => partOf(whole, { number: i + 1, count }, []))
    for (const of of ['portfolios', 'pools'] as const) {
      const ids = parts.flatMap(part => part[of].map(({ id }) => id))
      expect(ids.toSorted()).toEqual(whole[of].map(({ id }) => id).toSorted())
      for (const part of parts) expect(part[of].length).toBeGreaterThan(whole[of].length / count / 2)
    }
    expect(parts.map(({ funds }) => funds.length)).toEqual([5, ...parts.slice(1).map(() => 0)])
  })

  it('has what the lists of the configuration put there, and others by their hash', () => {
    const lists = [['main-7'], ['0x3', 'main-8', 'main-9']]
    const [first, second] = [1, 2].map(number => partOf(whole, { number, count: 2 }, lists))
    const ids = (part = whole): string[] => [...part.portfolios, ...part.pools].map(({ id }) => id)
    expect(ids(first)).toEqual(expect.arrayContaining(['main-7']))
    expect(ids(second)).toEqual(expect.arrayContaining(['0x3', 'main-8', 'main-9']))
    expect([...ids(first), ...ids(second)].toSorted()).toEqual(ids().toSorted())
    const others = ids(first).filter(id => !lists.flat().includes(id))
    expect(others.every(id => shardOf(id, 2) === 1)).toBe(true)
  })

  it('has what it had before another start, on any machine', () => {
    // SHA-256 of "abc" begins with ba7816bf, as FIPS 180-2 says.
    expect(shardOf('abc', 1_000)).toBe((0xba7816bf % 1_000) + 1)
  })
})
