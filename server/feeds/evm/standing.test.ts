import { describe, expect, it } from 'vitest'
import { ADDRESS, logAt, removed, sync } from '../../../streams/test/chain.ts'
import { Standing } from './standing.ts'

const log = (block: number, index = 0, value = block) => logAt(block, index, sync(value, 1))
const standing = (recent: readonly ReturnType<typeof log>[], final?: { block: number; index: number }): Standing =>
  new Standing(new Map([[ADDRESS, { final, recent }]]))

describe('logs that stand while the chain is read again', () => {
  it('begin behind what is final, or with the first of all', () => {
    expect(standing([log(7), log(9)]).from).toBe(7)
    expect(standing([log(70)], { block: 6, index: 3 }).from).toBe(7)
    expect(standing([]).from).toBeUndefined()
  })

  it('are not told again, piece by piece', () => {
    const both = standing([log(7), log(9)], { block: 5, index: 1 })
    expect(both.replace([log(5, 1), log(7)], 8)).toEqual([])
    expect(both.replace([log(9), log(10)], 10)).toEqual([log(10)])
    expect(both.replace([log(11)], 11)).toEqual([log(11)])
  })

  it('are taken back from the first that the chain has no more, newest first, before what it has in their place', () => {
    const [a, b, c] = [log(7), log(8), log(20)]
    const found = [a, log(8, 0, 5), log(9)]
    expect(standing([a, b, c]).replace(found, 10)).toEqual([removed(c), removed(b), ...found.slice(1)])
    expect(standing([a, b, c]).replace([a], 10)).toEqual([removed(c), removed(b)])
  })

  it('of another contract are another matter', () => {
    const other = { ...log(8), address: '0xbb' }
    expect(standing([log(7)]).replace([log(7), other], 10)).toEqual([other])
  })

  it('that a node had not given before replace the word that they are lost', () => {
    const lost = { ...logAt(8, 0, { topics: [], data: '0x' }), lost: true as const }
    expect(standing([lost]).replace([log(8)], 10)).toEqual([removed(lost), log(8)])
    expect(standing([lost]).replace([lost], 10)).toEqual([])
  })
})
