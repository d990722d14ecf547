import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { waitBefore } from './backoff.ts'
import { connect, type Driftwire } from './connect.ts'
import type { ConnectionState } from './line.ts'
import type { SocketLike } from './socket.ts'

/** Only the passing of time: the socket is the test's, and says what the test says. */
class Socket implements SocketLike {
  onopen: SocketLike['onopen'] = null
  onmessage: SocketLike['onmessage'] = null
  onclose: SocketLike['onclose'] = null
  onerror: SocketLike['onerror'] = null
  readonly sent: string[] = []
  readonly madeAt = Date.now()
  closed = false

  send(text: string): void {
    this.sent.push(text)
  }
  close(): void {
    this.closed = true
  }
  opens(): void {
    this.onopen?.({} as never)
  }
  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) } as never)
  }
  ends(code = 1006, reason = ''): void {
    this.onclose?.({ code, reason } as never)
  }
}

const NOON = Date.UTC(2024, 7, 8, 12)
let sockets: Socket[] = []
let clients: Driftwire[] = []
const opened = (): { wire: Driftwire; states: ConnectionState[]; socket: () => Socket } => {
  const own: Socket[] = []
  const wire = connect('ws://here', {
    socket: () => {
      const socket = new Socket()
      own.push(socket)
      sockets.push(socket)
      return socket
    },
  })
  clients.push(wire)
  const states: ConnectionState[] = []
  wire.connection.subscribe(state => states.push(state))
  return { wire, states, socket: () => own.at(-1)! }
}
const names = (states: readonly ConnectionState[]): string[] =>
  states.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1])

beforeEach(() => {
  vi.useFakeTimers({ now: NOON })
  sockets = []
  clients = []
})
afterEach(() => {
  for (const client of clients) client.close()
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('a line', () => {
  it('on which even the heartbeats stay away is silent after 7.5 s, and given up after 15 s', () => {
    const { states, socket } = opened()
    socket().opens()
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(5_000)
      socket().says({ hb: Date.now() })
    }
    expect(names(states)).toEqual(['connecting', 'live'])
    const last = Date.now()
    vi.advanceTimersByTime(8_000)
    expect(states.at(-1)).toMatchObject({ state: 'silent', heard: last })
    expect(states.at(-1)!.age).toBeGreaterThanOrEqual(7_500)
    vi.advanceTimersByTime(7_000)
    expect(states.at(-1)).toMatchObject({ state: 'reconnecting', why: 'nothing was heard for too long' })
    expect(sockets[0]!.closed).toBe(true)
    vi.advanceTimersByTime(1_000)
    expect(sockets).toHaveLength(2)
  })

  it('that was silent and speaks again is live, and was never lost', () => {
    const { states, socket } = opened()
    socket().opens()
    vi.advanceTimersByTime(10_000)
    socket().says({ hb: 1 })
    vi.advanceTimersByTime(4_000)
    expect(names(states)).toEqual(['connecting', 'live', 'silent', 'live'])
    expect(sockets).toHaveLength(1)
  })

  it('counts the seconds until it tries again, and the age of what was heard', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const { states, socket } = opened()
    for (let i = 0; i < 5; i++) {
      socket().ends()
      vi.advanceTimersByTime(20_000)
    }
    states.length = 0
    socket().ends()
    vi.advanceTimersByTime(16_000)
    const seconds = states.filter(({ state }) => state === 'reconnecting').map(({ inSeconds }) => inSeconds!)
    expect(seconds.length).toBeGreaterThan(14)
    for (let i = 1; i < seconds.length; i++) expect(seconds[i]).toBeLessThanOrEqual(seconds[i - 1]!)
  })

  it('waits as long as the server asks before it stops, and not all at once', () => {
    for (let i = 0; i < 50; i++) {
      const { wire, socket } = opened()
      const said: unknown[] = []
      wire.events.subscribe(event => said.push(event))
      socket().opens()
      socket().says({ bye: { reason: 'an update', reconnectInMs: 3_000 } })
      socket().ends(1001)
      expect(said).toEqual([{ kind: 'bye', reason: 'an update', reconnectInMs: 3_000 }])
    }
    vi.advanceTimersByTime(3_400)
    expect(sockets).toHaveLength(50)
    vi.advanceTimersByTime(700)
    expect(sockets).toHaveLength(100)
    expect(new Set(sockets.slice(50).map(({ madeAt }) => madeAt)).size).toBeGreaterThan(20)
  })

  it('comes back at once if the server says goodbye to it alone, and waits if that fails', () => {
    const { socket } = opened()
    socket().opens()
    socket().says({ bye: { reason: 'an update', reconnectInMs: 0 } })
    socket().ends(1001)
    vi.advanceTimersByTime(1)
    expect(sockets).toHaveLength(2)
    socket().ends(1006)
    vi.advanceTimersByTime(499)
    expect(sockets).toHaveLength(2)
    vi.advanceTimersByTime(20_000)
    expect(sockets.length).toBeGreaterThan(2)
  })

  it('whose opening takes too long is given up', () => {
    const { states } = opened()
    vi.advanceTimersByTime(12_000)
    expect(names(states).slice(0, 2)).toEqual(['connecting', 'reconnecting'])
    expect(states.find(({ state }) => state === 'reconnecting')!.why).toBe('the server does not answer')
    expect(sockets.length).toBeGreaterThanOrEqual(2)
  })

  it('begins with short waits again only after it was sound for a while', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const { socket } = opened()
    const wait = (): number => {
      const [before, at] = [sockets.length, Date.now()]
      socket().ends()
      while (sockets.length === before) vi.advanceTimersByTime(10)
      return Date.now() - at
    }
    const waits = Array.from({ length: 8 }, () => {
      socket().opens()
      return wait()
    })
    for (const [i, ms] of waits.entries()) expect(ms).toBeGreaterThan(i === 0 ? 900 : Math.min(19_000, waits[i - 1]! * 1.3))
    expect(Math.max(...waits)).toBeLessThanOrEqual(20_010)
    socket().opens()
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(4_000)
      socket().says({ hb: 1 })
    }
    expect(wait()).toBeLessThan(1_010)
  })

  it('that a thousand clients lose at once is not made again by all of them at once', () => {
    const all = Array.from({ length: 1_000 }, () => opened())
    for (const { socket } of all) socket().opens()
    for (const { socket } of all) socket().ends()
    vi.advanceTimersByTime(1_100)
    const waits = sockets.slice(1_000).map(({ madeAt }) => madeAt - NOON)
    expect(waits).toHaveLength(1_000)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500)
    // In no tenth of the half second come more than twice as many as there would be if all came evenly.
    for (let from = 500; from < 1_000; from += 50) expect(waits.filter(ms => ms >= from && ms < from + 50).length).toBeLessThan(200)
  })
})

describe('a wait', () => {
  it('is between 500 ms and 20 s, and random over its whole width', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100 }), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempt, random) => {
        const wait = waitBefore(attempt, random)
        expect(wait).toBeGreaterThanOrEqual(500)
        expect(wait).toBeLessThanOrEqual(20_000)
        expect(waitBefore(attempt, 0)).toBe(500)
        expect(waitBefore(attempt + 1, random)).toBeGreaterThanOrEqual(wait)
      }),
    )
  })
})

describe('in a browser, a line', () => {
  /** What a page hears of its browser. */
  class Page extends EventTarget {
    visibilityState = 'hidden'
  }
  const browser = (): { page: Page; window: EventTarget } => {
    const [page, window] = [new Page(), new EventTarget()]
    vi.stubGlobal('document', page)
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
    return { page, window }
  }

  it('that waits is tried at once when the network is back', () => {
    const { window } = browser()
    const { socket } = opened()
    socket().ends()
    expect(sockets).toHaveLength(1)
    window.dispatchEvent(new Event('online'))
    expect(sockets).toHaveLength(2)
  })

  it('that may have died while nobody looked has to prove within 3 s that it lives', () => {
    const { page } = browser()
    const { states, socket } = opened()
    socket().opens()
    page.dispatchEvent(new Event('visibilitychange'))
    expect(socket().sent).toEqual([])
    page.visibilityState = 'visible'
    page.dispatchEvent(new Event('visibilitychange'))
    expect(socket().sent.map(text => JSON.parse(text).method)).toEqual(['ping'])
    socket().says({ jsonrpc: '2.0', id: 'probe', result: 1 })
    vi.advanceTimersByTime(4_000)
    expect(names(states)).toEqual(['connecting', 'live'])
    page.dispatchEvent(new Event('visibilitychange'))
    vi.advanceTimersByTime(4_000)
    expect(names(states).slice(0, 3)).toEqual(['connecting', 'live', 'reconnecting'])
  })

  it('listens no more once it is closed', () => {
    const { window } = browser()
    const { wire, socket } = opened()
    socket().ends()
    wire.close()
    window.dispatchEvent(new Event('online'))
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a channel', () => {
  it('is not resumed from a state without the members that were asked for before the line was lost', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const { wire, socket } = opened()
    const sent = () => JSON.parse(socket().sent.at(-1)!)
    const grants = (seq: number) => socket().says({ id: sent().id, result: { 'fund:A': { epoch: 'e', seq } } })
    const follow = (...fields: string[]) => {
      wire.channel('fund:A' as string, { fields }).subscribe(() => {})
      vi.advanceTimersByTime(1)
    }
    socket().opens()
    follow('nav')
    grants(1)
    socket().says({ ch: 'fund:A', epoch: 'e', seq: 1, t: 1, snap: { nav: 1 } })
    follow('aum')
    expect(sent().params.fields).toEqual(['nav', 'aum'])
    grants(2)
    socket().ends()
    vi.advanceTimersByTime(500)
    socket().opens()
    expect(sent().params).toEqual({ channels: ['fund:A'], fields: ['nav', 'aum'] })
    grants(3)
    socket().says({ ch: 'fund:A', epoch: 'e', seq: 3, t: 3, snap: { nav: 1, aum: 2 } })
    socket().ends()
    vi.advanceTimersByTime(1_000)
    socket().opens()
    expect(sent().params.resume).toEqual({ 'fund:A': { epoch: 'e', seq: 3 } })
  })
})

describe('a token', () => {
  const identity = (expires: number): object => ({ token: 'x', user: 'alice', admin: false, expires })

  it('is renewed before it ends', async () => {
    const given: string[] = []
    const socket = new Socket()
    const wire = connect('ws://here', { socket: () => socket, getToken: () => `token-${given.push('') as number}` })
    clients.push(wire)
    socket.opens()
    await vi.advanceTimersByTimeAsync(0)
    expect(JSON.parse(socket.sent.at(-1)!)).toMatchObject({ method: 'auth', params: { token: 'token-1' } })
    socket.says({ id: JSON.parse(socket.sent.at(-1)!).id, result: identity(NOON + 600_000) })
    for (let i = 0; i < 108; i++) {
      await vi.advanceTimersByTimeAsync(4_990)
      socket.says({ hb: 1 })
    }
    expect(given).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(JSON.parse(socket.sent.at(-1)!)).toMatchObject({ method: 'auth', params: { token: 'token-2' } })
  })

  it('that ends and cannot be renewed is reported, and what was private fails', async () => {
    const socket = new Socket()
    const wire = connect('ws://here', { socket: () => socket, token: 'x' })
    clients.push(wire)
    const events: unknown[] = []
    wire.events.subscribe(event => events.push(event))
    socket.opens()
    socket.says({ id: JSON.parse(socket.sent.at(-1)!).id, result: identity(NOON + 5_000) })
    expect(wire.user).toBe('alice')
    await vi.advanceTimersByTimeAsync(6_000)
    expect([wire.user, wire.token]).toEqual([undefined, undefined])
    expect(events).toEqual([{ kind: 'login', error: expect.objectContaining({ code: 'not_logged_in' }) }])
  })
})
