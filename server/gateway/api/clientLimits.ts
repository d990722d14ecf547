import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Principal } from '../../identity/access.ts'
import { networkOf } from '../../identity/network.ts'
import type { Figures } from '../../lib/figures.ts'
import type { Usage } from './usage.ts'

/** What one address or one user may use. What is absent has no limit. */
export interface Bounds {
  /** Open at once. */
  readonly sockets?: number | undefined
  /** Followed at once, over all sockets. */
  readonly channels?: number | undefined
  readonly connectsPerSecond?: number | undefined
  /** By websocket and by HTTP. */
  readonly requestsPerSecond?: number | undefined
  /** Creations, redemptions and transfers. */
  readonly commandsPerSecond?: number | undefined
  /** Of requests, as they come in. */
  readonly bytesPerSecond?: number | undefined
}

/** Addresses whose networks are kept, and the characters of one: no address has more. */
const NETWORKS_MAX = 10_000
const ADDRESS_LENGTH = 64

type Scope = 'address' | 'user'

/** A socket as the limits see it. */
export interface Held {
  readonly who: Principal
  readonly follows: { readonly size: number }
}

/** What is counted for a socket. */
interface Counted {
  address: string
  user: string
  channels: number
}

/** The names of what is limited, in figures and in messages. */
const WORDS: Readonly<Record<keyof Bounds, string>> = {
  sockets: 'sockets',
  channels: 'channels',
  connectsPerSecond: 'connects a second',
  requestsPerSecond: 'requests a second',
  commandsPerSecond: 'orders a second',
  bytesPerSecond: 'bytes a second',
}

/**
 * Keeps what one address and one user may use within bounds, so that none of them can take the server from the others. An address is a network
 * (`networkOf`). Each refusal is a ProtocolError: `rate_limited` of what comes too fast, `too_much` of what is too much at once.
 */
export class ClientLimits {
  /** Refusals since the start. */
  readonly refused: Readonly<Record<Scope, Record<keyof Bounds, number>>> = { address: none(), user: none() }
  private readonly bounds: Readonly<Record<Scope, Bounds>>
  private readonly usage: Usage
  private readonly sockets = new Map<Held, Counted>()
  /** Address → network: a client's is looked up with each request. */
  private readonly networks = new Map<string, string>()

  constructor(bounds: { readonly address: Bounds; readonly user: Bounds }, usage: Usage) {
    this.bounds = bounds
    this.usage = usage
  }

  /** Throws if an address may not open a socket now. */
  connect(address: string): void {
    const network = this.networkOf(address)
    this.take('address', network, 'connectsPerSecond', 1)
    this.room('address', network, 'sockets', 1)
  }

  /** A socket has opened. */
  opened(socket: Held): void {
    const counted = { address: networkOf(socket.who.address ?? ''), user: socket.who.user, channels: 0 }
    this.sockets.set(socket, counted)
    this.hold(counted, 'sockets', 1)
  }

  /** A socket has closed, and follows nothing any more. */
  closed(socket: Held): void {
    const counted = this.sockets.get(socket)
    if (counted === undefined) return
    this.hold(counted, 'channels', -counted.channels)
    this.hold(counted, 'sockets', -1)
    this.sockets.delete(socket)
  }

  /** Throws if the address or the user asks too much. `bytes`: of the request. */
  request({ address, user }: Principal, bytes: number): void {
    this.ofAddress(address ?? '', bytes)
    this.ofUser(user, bytes)
  }

  /** Throws if an address asks too much. */
  ofAddress(address: string, bytes: number): void {
    const network = this.networkOf(address)
    this.take('address', network, 'requestsPerSecond', 1)
    this.take('address', network, 'bytesPerSecond', bytes)
  }

  /** Throws if a user asks too much. */
  ofUser(user: string, bytes: number): void {
    if (user === '') return
    this.take('user', user, 'requestsPerSecond', 1)
    this.take('user', user, 'bytesPerSecond', bytes)
  }

  /** Throws if the address or the user orders too much. */
  command({ address, user }: Principal): void {
    this.take('address', this.networkOf(address ?? ''), 'commandsPerSecond', 1)
    if (user !== '') this.take('user', user, 'commandsPerSecond', 1)
  }

  /** Throws if the socket may not follow one more channel. */
  channel(socket: Held): void {
    this.settle(socket)
    const counted = this.sockets.get(socket)
    if (counted === undefined) return
    this.room('address', counted.address, 'channels', 1)
    if (counted.user !== '') this.room('user', counted.user, 'channels', 1)
  }

  /** Throws if a user may not have one more socket, which is about to speak for them. */
  speaks(socket: Held, { user }: Principal): void {
    if (user !== '' && this.sockets.get(socket)?.user !== user) this.room('user', user, 'sockets', 1)
  }

  /** Counts what a socket follows now, and for whom it speaks. */
  settle(socket: Held): void {
    const counted = this.sockets.get(socket)
    if (counted === undefined) return
    const { user } = socket.who
    if (counted.user !== user) {
      this.hold({ ...counted, address: '' }, 'channels', -counted.channels)
      this.hold({ ...counted, address: '' }, 'sockets', -1)
      counted.user = user
      this.hold({ ...counted, address: '' }, 'channels', counted.channels)
      this.hold({ ...counted, address: '' }, 'sockets', 1)
    }
    this.hold(counted, 'channels', socket.follows.size - counted.channels)
    counted.channels = socket.follows.size
  }

  /** Figures for `status`. */
  get figures(): Figures {
    return { address: { ...this.refused.address }, user: { ...this.refused.user }, displaced: this.usage.displaced }
  }

  private networkOf(address: string): string {
    const known = this.networks.get(address)
    if (known !== undefined) return known
    const network = networkOf(address)
    if (address.length > ADDRESS_LENGTH) return network
    if (this.networks.size === NETWORKS_MAX) this.networks.clear()
    this.networks.set(address, network)
    return network
  }

  private take(
    scope: Scope,
    name: string,
    kind: 'connectsPerSecond' | 'requestsPerSecond' | 'commandsPerSecond' | 'bytesPerSecond',
    n: number,
  ): void {
    const most = this.bounds[scope][kind]
    if (most === undefined || n === 0) return
    const wait = this.usage.take(`${scope}:${name}:${kind}`, n, most)
    if (wait === 0) return
    this.refused[scope][kind] += 1
    throw new ProtocolError(
      'rate_limited',
      `found more than ${most} ${WORDS[kind]} of one ${scope}, expected fewer`,
      Math.ceil(wait / 1_000),
    )
  }

  private room(scope: Scope, name: string, kind: 'sockets' | 'channels', n: number): void {
    const most = this.bounds[scope][kind]
    if (most === undefined || this.usage.held(`${scope}:${name}:${kind}`) + n <= most) return
    this.refused[scope][kind] += 1
    throw new ProtocolError('too_much', `one ${scope} has at most ${most} ${WORDS[kind]} at once`, 1)
  }

  private hold({ address, user }: Counted, kind: 'sockets' | 'channels', n: number): void {
    if (n === 0) return
    if (address !== '' && this.bounds.address[kind] !== undefined) this.usage.hold(`address:${address}:${kind}`, n)
    if (user !== '' && this.bounds.user[kind] !== undefined) this.usage.hold(`user:${user}:${kind}`, n)
  }
}

const none = (): Record<keyof Bounds, number> => ({
  sockets: 0,
  channels: 0,
  connectsPerSecond: 0,
  requestsPerSecond: 0,
  commandsPerSecond: 0,
  bytesPerSecond: 0,
})
