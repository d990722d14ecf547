import { describe, expect, it } from 'vitest'
import { WISH_LIFE_MS, Wishes } from './wish.ts'

describe('what gateways want', () => {
  it('begins with the first who wants it and ends with the last', () => {
    const wishes = new Wishes()
    expect(wishes.accept({ of: 'a', on: ['x', 'y'] }, 0)).toEqual({ on: ['x', 'y'], off: [], snapshots: ['x', 'y'] })
    expect(wishes.accept({ of: 'b', on: ['y'] }, 0)).toEqual({ on: [], off: [], snapshots: ['y'] })
    expect(wishes.accept({ of: 'a', off: ['x', 'y'] }, 0)).toEqual({ on: [], off: ['x'], snapshots: [] })
    expect(wishes.accept({ of: 'b', off: ['y', 'z'] }, 0)).toEqual({ on: [], off: ['y'], snapshots: [] })
    expect(wishes.channels).toBe(0)
  })

  it('is put right by a whole list, which asks for snapshots of what is new or, after a loss, of all', () => {
    const wishes = new Wishes()
    wishes.accept({ of: 'a', on: ['x', 'y'] }, 0)
    expect(wishes.accept({ of: 'a', all: ['y', 'z'] }, 0)).toEqual({ on: ['z'], off: ['x'], snapshots: ['z'] })
    expect(wishes.accept({ of: 'a', all: ['y', 'z'] }, 0)).toEqual({ on: [], off: [], snapshots: [] })
    expect(wishes.accept({ of: 'a', all: ['y', 'z'], again: true }, 0)).toEqual({ on: [], off: [], snapshots: ['y', 'z'] })
  })

  it('that is taken back and wanted again at once does not end', () => {
    const wishes = new Wishes()
    wishes.accept({ of: 'a', on: ['x'] }, 0)
    expect(wishes.accept({ of: 'a', off: ['x'], on: ['x'] }, 0)).toEqual({ on: [], off: [], snapshots: ['x'] })
  })

  it('ends with a gateway that is not heard of any more', () => {
    const wishes = new Wishes()
    wishes.accept({ of: 'a', on: ['x', 'y'] }, 0)
    wishes.accept({ of: 'b', on: ['y'] }, 1_000)
    expect(wishes.expire(WISH_LIFE_MS - 1)).toEqual([])
    expect(wishes.expire(WISH_LIFE_MS)).toEqual(['x'])
    expect([wishes.size, wishes.channels]).toEqual([1, 1])
  })
})
