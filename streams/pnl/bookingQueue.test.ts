import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON } from '../test/drive.ts'
import { transaction } from '../test/transactions.ts'
import { BookingQueue } from './bookingQueue.ts'
import { inOrder, type Transaction } from './transaction.ts'

const at = (t: number, id: string): Transaction => ({ ...transaction('buy BTC 1 100', NOON + t), id })
const ids = (rows: readonly Transaction[]): string => rows.map(({ id }) => id).join(' ')

/** Books up to `t`; which rows came, and which of them were recorded. */
const booked = (queue: BookingQueue, t: number): string => {
  const passed: string[] = []
  for (let tx = queue.upcoming; tx && tx.t <= NOON + t; tx = queue.upcoming) passed.push(queue.pass() ? `${tx.id}*` : tx.id)
  return passed.join(' ')
}

describe('rows that wait', () => {
  it('come in the order of time, those of the file before those that were recorded', () => {
    const queue = new BookingQueue([at(1, 'a'), at(2, 'b'), at(4, 'd')])
    queue.record([at(2, 'r'), at(3, 's')])
    expect(ids(queue.all)).toBe('a b r s d')
    expect(queue.begun).toBe(false)
    expect(booked(queue, 2)).toBe('a b r*')
    expect(queue.begun).toBe(true)
    expect(booked(queue, 9)).toBe('s* d')
    expect(queue.upcoming).toBeUndefined()
  })

  it('that belong before what is booked are known, and come when all wait again', () => {
    const queue = new BookingQueue([at(1, 'a'), at(4, 'd')])
    expect(booked(queue, 4)).toBe('a d')
    expect(queue.precedesBooked(at(3, 'r'))).toBe(true)
    expect(queue.precedesBooked(at(4, 'r'))).toBe(false)
    queue.record([at(3, 'r')])
    queue.restart()
    expect(booked(queue, 9)).toBe('a r* d')
    expect(queue.precedesBooked(at(3, 'q'))).toBe(true)
  })

  it('come in the order of time, and of one time in the order in which they were recorded', () => {
    const rows = Array.from({ length: 12 }, (_, i) => at(i >> 1, String(i)))
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), fc.integer({ min: 1, max: 11 }), (shuffled, cut) => {
        const queue = new BookingQueue([])
        queue.record(shuffled.slice(0, cut).sort(inOrder))
        queue.record(shuffled.slice(cut).sort(inOrder))
        expect(ids(queue.all)).toBe(ids(shuffled.toSorted(inOrder)))
      }),
    )
  })
})
