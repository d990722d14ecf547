import { describe, expect, it } from 'vitest'
import { codeWith, TOKEN } from '../../streams/contracts/test/code.ts'
import { CodeCache } from './codeCache.ts'

const push2 = (n: number): string => `61${n.toString(16).padStart(4, '0')}`

describe('a cache of what codes say', () => {
  it('runs a code once, and knows it by its hash', async () => {
    const cache = new CodeCache()
    const [first, again] = [await cache.factsOf(codeWith({ functions: TOKEN })), await cache.factsOf(codeWith({ functions: TOKEN }))]
    expect(again).toEqual(first)
    expect(first.facts.selectors).toEqual([...TOKEN].sort())
    // keccak256 of nothing, as EXTCODEHASH has it.
    expect((await cache.factsOf('0x')).hash).toBe('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
    expect(cache.figures).toEqual({ computed: 2, known: 1 })
  })

  it.each([
    ['forks', Array.from({ length: 10_000 }, (_, i) => `5a${push2(6 * i + 5)}575b`).join('')],
    ['jumps', `${'5a'.repeat(900)}${Array.from({ length: 9_000 }, (_, i) => `${push2(904 + 5 * i)}565b`).join('')}`],
    ['multiplies large numbers', `5b${'7f'.concat('ff'.repeat(32), '800a50').repeat(1_700)}600056`],
  ])('lets others work while it runs code that %s', async (_, code) => {
    let turns = 0
    const tick = (): void => {
      turns += 1
      timer = setImmediate(tick)
    }
    let timer = setImmediate(tick)
    await new CodeCache().factsOf(`0x${code}`)
    clearImmediate(timer)
    // Its work is bounded, and it rests after a fiftieth of that.
    expect(turns).toBeGreaterThan(20)
  })

  it('refuses code that no chain has', async () => {
    await expect(new CodeCache().factsOf(`0x${'00'.repeat(65_537)}`)).rejects.toMatchObject({ code: 'invalid_params' })
  })
})
