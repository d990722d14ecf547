import { LightSocket } from './lightSocket.ts'

/** Clients that order over sockets, and the loops that drive them. */

/** The password of every client. */
export const PASSWORD = 'bench bench bench'
/** ms of one measurement. */
export const PHASE_MS = 4_000

/** A client on a socket of its own. */
export class Orderer {
  readonly latencies: number[] = []
  private readonly socket: LightSocket
  private readonly waiting = new Map<number, { readonly begun: number; readonly done: () => void }>()
  private readonly name = Math.random().toString(36).slice(2)
  private id = 0
  private orders = 0
  private failure: string | undefined

  private constructor(socket: LightSocket) {
    this.socket = socket
    socket.onMessage = text => this.take(text)
  }

  static async open(url: string, username: string): Promise<Orderer> {
    const orderer = new Orderer(await LightSocket.open(url))
    await orderer.ask('login', `{"username":"${username}","password":"${PASSWORD}"}`)
    return orderer
  }

  /** Creates and redeems in turn, each time under another key. */
  order(): Promise<void> {
    const n = this.orders++
    return this.ask(n % 2 === 0 ? 'create' : 'redeem', `{"fund":"BENCH","amount":"1","key":"${this.name}-${n}"}`)
  }

  /** Asks for the time: the cost of sockets and JSON without an order. */
  ping(): Promise<void> {
    return this.ask('ping', '{}')
  }

  close(): void {
    this.socket.close()
  }

  private ask(method: string, params: string): Promise<void> {
    if (this.failure) throw new Error(this.failure)
    const id = ++this.id
    this.socket.send(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`)
    return new Promise(done => this.waiting.set(id, { begun: performance.now(), done }))
  }

  private take(text: string): void {
    if (!text.startsWith(REPLY)) return
    const id = Number.parseInt(text.slice(REPLY.length), 10)
    const asked = this.waiting.get(id)!
    this.waiting.delete(id)
    if (text.includes('"error":')) this.failure = text
    this.latencies.push(performance.now() - asked.begun)
    asked.done()
  }
}
const REPLY = '{"jsonrpc":"2.0","id":'

/** Lets each client ask again when it has a reply, so that `underWay` requests of it are always under way. `rate` is requests a second. */
export const closedLoop = async (
  orderers: readonly Orderer[],
  { ask = 'order', underWay = 1 }: { ask?: 'order' | 'ping'; underWay?: number } = {},
): Promise<{ rate: number; latencies: number[] }> => {
  const begin = performance.now()
  const end = begin + PHASE_MS
  for (const orderer of orderers) orderer.latencies.length = 0
  const loop = async (orderer: Orderer): Promise<void> => {
    while (performance.now() < end) await orderer[ask]()
  }
  await Promise.all(orderers.flatMap(orderer => Array.from({ length: underWay }, () => loop(orderer))))
  const latencies = orderers.flatMap(orderer => orderer.latencies)
  return { rate: (latencies.length / (performance.now() - begin)) * 1000, latencies }
}
