import { expect, it } from 'vitest'
import { Body, BodyRoom } from './body.ts'

const bytes = (n: number) => new Uint8Array(n).fill(n)

it('keeps what comes, up to the limit', () => {
  const body = new Body(new BodyRoom(10))
  body.add(bytes(4))
  body.add(bytes(6))
  expect([...body.whole()]).toEqual([4, 4, 4, 4, 6, 6, 6, 6, 6, 6])
  expect(body.fault).toBeUndefined()
})

it('forgets a body that is too large, reads on for a while, and gives up on one that is far too large', () => {
  const body = new Body(new BodyRoom(10))
  body.add(bytes(6))
  body.add(bytes(6))
  expect([body.fault, body.whole().length, body.hopeless()]).toEqual(['too large', 0, false])
  body.add(bytes(29))
  expect([body.fault, body.whole().length, body.hopeless()]).toEqual(['too large', 0, true])
  expect(new Body(new BodyRoom(10)).hopeless(41)).toBe(true)
  expect(new Body(new BodyRoom(10)).hopeless(40)).toBe(false)
})

it('has room for some large bodies at a time, for the next when one has gone, and always for small ones', () => {
  const room = new BodyRoom(1_000_000)
  const full = () => {
    const body = new Body(room)
    body.add(bytes(600_000))
    body.add(bytes(400_000))
    return body
  }
  const bodies = Array.from({ length: 17 }, full)
  expect(bodies.map(body => body.fault)).toEqual([...Array(16).fill(undefined), 'no room'])
  expect(full().fault).toBe('no room')
  const small = new Body(room)
  small.add(bytes(16_000))
  expect([small.fault, small.whole().length]).toEqual([undefined, 16_000])
  bodies[0]!.release()
  bodies[0]!.release()
  bodies[16]!.release()
  expect([full().fault, full().fault]).toEqual([undefined, 'no room'])
})
