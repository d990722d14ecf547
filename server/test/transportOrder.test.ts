import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Socket } from '../gateway/transports/transport.ts'
import { type Client, Inbox, overTransports, type Peer, type Served, servers } from './transportKit.ts'

const OPERATIONS = 25_000
const CLIENTS = 8
const TOPICS = ['a', 'b', 'c', 'd', 'e']

/** A client, its socket, and what by the rules it must have got. */
interface Pair {
  readonly client: Client
  readonly socket: Socket<Peer>
  readonly follows: Set<string>
  readonly expected: string[]
  readonly received: string[]
  readonly pings: number[]
  readonly pongs: Inbox<number | undefined>
}

overTransports('what a socket gets', kind => {
  const serve = servers(kind)

  it('comes in the order of the calls, whatever they are and wherever they are made from', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1 }), async seed => {
        const pairs = await shuffle(seed)
        for (const { client, socket, expected, received, pings, pongs } of pairs) {
          client.ws.resume()
          expect(await pongs.take(pings.length)).toEqual(pings)
          socket.close(4000, 'done')
          expect((await client.closed).code).toBe(4000)
          expect(received).toEqual(expected)
          expect(socket.dropped).toBe(false)
        }
      }),
      { numRuns: 2, endOnFailure: true },
    )
  })

  /** Does random things in bursts, each burst in another kind of turn. */
  const shuffle = async (seed: number): Promise<Pair[]> => {
    const random = generator(seed)
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
    const pairs: Pair[] = []
    const served = await serve(
      { message: () => burst(), pong: (socket, mark) => pairs.find(pair => pair.socket === socket)!.pongs.put(mark) },
      { maxBackpressure: 1_000_000_000 },
    )
    for (let i = 0; i < CLIENTS; i++) pairs.push(await paired(served))
    let left = OPERATIONS
    let label = 0
    let finished = () => {}

    const text = (): string => {
      label += 1
      return `${label}:${'x'.repeat(Math.floor(random() < 0.02 ? 130_000 * random() : 200 * random() ** 3))}`
    }
    const operate = (): void => {
      const { client, socket, follows, expected, pings } = pick(pairs)
      const topic = pick(TOPICS)
      const what = random()
      if (what < 0.62) {
        const message = text()
        served.transport.publish(topic, Buffer.from(message))
        for (const pair of pairs) if (pair.follows.has(topic)) pair.expected.push(short(message))
      } else if (what < 0.76) {
        const message = text()
        socket.send(random() < 0.5 ? message : Buffer.from(message))
        expected.push(short(message))
      } else if (what < 0.86) {
        socket.subscribe(topic)
        follows.add(topic)
      } else if (what < 0.94) {
        socket.unsubscribe(topic)
        follows.delete(topic)
      } else if (what < 0.97) {
        pings.push(pings.length)
        socket.ping(pings.length - 1)
        expected.push(`ping ${pings.length - 1}`)
      } else if (what < 0.985) client.ws.pause()
      else client.ws.resume()
    }
    const burst = (): void => {
      for (let n = Math.ceil(60 * random()); n > 0 && left > 0; n--, left--) operate()
      if (left === 0) finished()
      else {
        pick([
          () => queueMicrotask(burst),
          () => process.nextTick(burst),
          () => setImmediate(burst),
          () => setTimeout(burst, 0),
          () => pick(pairs).client.ws.send('go on'),
        ])()
      }
    }
    await new Promise<void>(resolve => {
      finished = resolve
      burst()
    })
    return pairs
  }
})

const paired = async (served: Served): Promise<Pair> => {
  const { client, socket } = await served.join()
  const received: string[] = []
  client.ws.on('message', data => received.push(short(String(data))))
  client.ws.on('ping', data => received.push(`ping ${data}`))
  return { client, socket, follows: new Set(), expected: [], received, pings: [], pongs: new Inbox() }
}

/** Enough to know a message by. */
const short = (message: string): string => `${message.split(':', 1)[0]} of ${message.length}`

/** Numbers in [0, 1), the same for the same seed (Marsaglia's xorshift, 32 bits). */
const generator = (seed: number) => {
  let x = seed | 0 || 1
  return (): number => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}
