import fc from 'fast-check'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StoredToken } from './credentialStore.ts'
import { digestOf } from './digest.ts'
import { type Ended, type Issued, type TokenStore, Tokens } from './tokens.ts'

const NOON = Date.UTC(2026, 0, 1, 12)
const HOUR = 3_600_000
const DAY = 24 * HOUR

beforeEach(() => {
  vi.useFakeTimers({ now: NOON })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Keeps its rows beyond the life of a server, fails when told to. */
class Rows implements TokenStore {
  readonly rows = new Map<string, StoredToken>()
  fails = false
  removals = 0

  async load(): Promise<StoredToken[]> {
    return [...this.rows.values()]
  }

  async put(token: StoredToken): Promise<void> {
    if (this.fails) throw new Error('the disk is full')
    this.rows.set(token.digest, token)
  }

  async remove(digests: readonly string[]): Promise<void> {
    this.removals += 1
    if (this.fails) throw new Error('the disk is full')
    for (const digest of digests) this.rows.delete(digest)
  }
}

const setUp = async (lifeMs = DAY, rows = new Rows()) => {
  const lines: string[] = []
  const tokens = await Tokens.open(rows, lifeMs, pino({}, { write: line => lines.push(line) }))
  const ended: Ended[] = []
  tokens.ended$.subscribe(end => ended.push(end))
  return { tokens, rows, ended, lines, issue: (user: string) => tokens.issue(user, Date.now()) }
}

const find = (tokens: Tokens, { token }: Issued): string | undefined => tokens.find(token, Date.now())?.user

describe('a token', () => {
  it('is 32 random bytes, of which the store gets the digest only', async () => {
    const { issue, rows, tokens } = await setUp()
    const [a, b] = [await issue('ann'), await issue('ann')]
    expect(a.token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(a.token).not.toBe(b.token)
    expect(a.expires).toBe(NOON + DAY)
    expect([...rows.rows.values()]).toEqual([a, b].map(({ token, expires }) => ({ digest: digestOf(token), user: 'ann', expires })))
    expect(find(tokens, a)).toBe('ann')
    expect(tokens.find(digestOf(a.token), NOON)).toBeUndefined()
  })

  it('ends by itself to the millisecond, is reported and leaves the store', async () => {
    const { issue, rows, tokens, ended } = await setUp(HOUR)
    const a = await issue('ann')
    await vi.advanceTimersByTimeAsync(1000)
    const b = await issue('bob')
    await vi.advanceTimersByTimeAsync(HOUR - 1001)
    expect(find(tokens, a)).toBe('ann')
    expect(ended).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(find(tokens, a)).toBeUndefined()
    expect(ended).toEqual([{ digest: digestOf(a.token), user: 'ann', why: 'expired' }])
    expect(rows.rows.size).toBe(1)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(ended.map(({ user }) => user)).toEqual(['ann', 'bob'])
    expect(find(tokens, b)).toBeUndefined()
    expect(rows.rows.size).toBe(0)
    expect(tokens).toMatchObject({ living: 0, unremoved: 0, ended: { expired: 2, revoked: 0, displaced: 0 } })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is good no more when its time has come, even before the timer has run', async () => {
    const { issue, tokens } = await setUp(HOUR)
    const a = await issue('ann')
    vi.setSystemTime(NOON + HOUR)
    expect(find(tokens, a)).toBeUndefined()
  })

  it('lives for months where the setting says so, longer than a timer can wait', async () => {
    const { issue, tokens, ended } = await setUp(90 * DAY)
    const a = await issue('ann')
    await vi.advanceTimersByTimeAsync(90 * DAY - 1)
    expect(find(tokens, a)).toBe('ann')
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toHaveLength(1)
  })

  it('keeps no process alive by waiting for its end', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const { issue } = await setUp()
    await issue('ann')
    expect(set.mock.results.map(({ value }) => value.hasRef())).toEqual([false])
  })

  it('ends at once when revoked, and not twice', async () => {
    const { issue, rows, tokens, ended } = await setUp()
    const [a, b, c, other] = [await issue('ann'), await issue('ann'), await issue('ann'), await issue('bob')]
    const revoked = tokens.revoke(b.token)
    expect(find(tokens, b)).toBeUndefined()
    await revoked
    await tokens.revoke(b.token)
    await tokens.revoke('never a token')
    expect(ended).toEqual([{ digest: digestOf(b.token), user: 'ann', why: 'revoked' }])
    expect(rows.removals).toBe(1)
    for (const { token } of [a, c, a]) await tokens.revoke(token)
    expect(ended.map(({ digest }) => digest)).toEqual([b, a, c].map(({ token }) => digestOf(token)))
    expect(find(tokens, other)).toBe('bob')
    expect([...rows.rows.keys()]).toEqual([digestOf(other.token)])
  })

  it('may be revoked by a listener of another’s end', async () => {
    const { issue, tokens, ended } = await setUp(HOUR)
    const all = [await issue('ann'), await issue('ann'), await issue('ann'), await issue('ann'), await issue('ann')]
    tokens.ended$.subscribe(() => all.forEach(({ token }) => void tokens.revoke(token)))
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(ended).toHaveLength(5)
    expect(tokens).toMatchObject({ living: 0, unremoved: 0 })
  })

  it('makes way for a newer one where its user has a hundred, the oldest first', async () => {
    const { issue, rows, tokens, ended } = await setUp()
    const other = await issue('bob')
    const all: Issued[] = []
    for (let i = 0; i < 103; i++) all.push(await issue('ann'))
    await vi.advanceTimersByTimeAsync(0)
    expect(ended).toEqual(all.slice(0, 3).map(({ token }) => ({ digest: digestOf(token), user: 'ann', why: 'displaced' })))
    expect(all.map(one => find(tokens, one) !== undefined)).toEqual(all.map((_, i) => i >= 3))
    expect(find(tokens, other)).toBe('bob')
    expect(tokens.living).toBe(101)
    expect(rows.rows.size).toBe(101)
  })
})

describe('a new start', () => {
  it('knows the living tokens, removes the expired and ends the rest in time', async () => {
    const before = await setUp(HOUR)
    const a = await before.issue('ann')
    await vi.advanceTimersByTimeAsync(1000)
    const b = await before.issue('bob')
    before.tokens.close()
    vi.setSystemTime(NOON + HOUR)
    const { tokens, rows, ended } = await setUp(HOUR, before.rows)
    expect(find(tokens, a)).toBeUndefined()
    expect(find(tokens, b)).toBe('bob')
    expect([...rows.rows.keys()]).toEqual([digestOf(b.token)])
    await vi.advanceTimersByTimeAsync(1000)
    expect(ended).toEqual([{ digest: digestOf(b.token), user: 'bob', why: 'expired' }])
  })

  it('holds a shorter life against those that were promised a longer one', async () => {
    const before = await setUp(DAY)
    const a = await before.issue('ann')
    before.tokens.close()
    const { tokens, ended } = await setUp(HOUR, before.rows)
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(find(tokens, a)).toBeUndefined()
    expect(ended).toHaveLength(1)
  })

  it('sets no timer behind itself once it is closed', async () => {
    const { tokens, issue } = await setUp()
    await issue('ann')
    tokens.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a store that fails', () => {
  it('leaves no token behind that nobody has', async () => {
    const { issue, tokens, rows, lines } = await setUp()
    rows.fails = true
    await expect(issue('ann')).rejects.toThrow('the disk is full')
    expect(tokens.living).toBe(0)
    await vi.advanceTimersByTimeAsync(0)
    expect(tokens).toMatchObject({ unremoved: 1, storeFailures: 1 })
    expect(lines).toHaveLength(1)
  })

  it('does not keep a revoked token good, says so, and is asked again', async () => {
    const { issue, tokens, rows } = await setUp()
    const a = await issue('ann')
    rows.fails = true
    await expect(tokens.revoke(a.token)).rejects.toThrow('the disk is full')
    expect(find(tokens, a)).toBeUndefined()
    expect(tokens).toMatchObject({ unremoved: 1, storeFailures: 1 })
    rows.fails = false
    await tokens.revoke(a.token)
    expect(rows.rows.size).toBe(0)
    expect(tokens.unremoved).toBe(0)
  })

  it('is logged where nobody waits for it, without any token', async () => {
    const { issue, rows, lines } = await setUp(HOUR)
    const a = await issue('ann')
    rows.fails = true
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(lines).toHaveLength(1)
    expect(lines.join()).toContain('could not be removed')
    expect(lines.join()).not.toContain(a.token)
  })
})

it('a token that is ended while the store still writes it does not stay there', async () => {
  const { tokens, rows, issue } = await setUp()
  const put = rows.put.bind(rows)
  const held: (() => void)[] = []
  rows.put = async token => {
    await new Promise<void>(resolve => held.push(resolve))
    await put(token)
  }
  const issuing = issue('ann')
  rows.put = put
  // It makes way for newer ones.
  for (let i = 0; i < 100; i++) await issue('ann')
  held[0]!()
  const a = await issuing
  await vi.advanceTimersByTimeAsync(0)
  expect(find(tokens, a)).toBeUndefined()
  expect(rows.rows.size).toBe(100)
})

it('memory, store and what was told agree, whatever happens in whatever order', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('issue' as const), user: fc.constantFrom('ann', 'bob') }),
    fc.record({ do: fc.constant('revoke' as const), which: fc.nat({ max: 40 }) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: HOUR / 3 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const { tokens, rows, ended, issue } = await setUp(HOUR)
      const model = new Map<string, Issued & { user: string }>()
      const all: Issued[] = []
      for (const one of steps) {
        if (one.do === 'issue') {
          const issued = await issue(one.user)
          all.push(issued)
          model.set(issued.token, { ...issued, user: one.user })
        } else if (one.do === 'revoke') {
          const token = all[one.which]?.token ?? 'none'
          await tokens.revoke(token)
          model.delete(token)
        } else {
          await vi.advanceTimersByTimeAsync(one.ms)
        }
        for (const { token, expires } of [...model.values()]) if (expires <= Date.now()) model.delete(token)
        for (const issued of all) expect(find(tokens, issued)).toBe(model.get(issued.token)?.user)
        expect(tokens.living).toBe(model.size)
        expect(new Set(ended.map(({ digest }) => digest)).size).toBe(ended.length)
        expect(ended.length + model.size).toBe(all.length)
      }
      await vi.advanceTimersByTimeAsync(0)
      expect([...rows.rows.keys()].sort()).toEqual([...model.keys()].map(digestOf).sort())
      tokens.close()
    }),
    { numRuns: 60 },
  )
})
