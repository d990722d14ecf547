import { once } from 'node:events'
import { crc32 } from 'node:zlib'
import { type ClientOptions, WebSocket } from 'ws'

/**
 * A client written from the public interface alone: nothing of streams/ or clients/ is used, so what it finds out it finds out by
 * itself. It applies merge patches, follows sequence numbers and proves checksums; whatever is not as promised goes into `faults`.
 */

export type State = { [key: string]: State | string | number | boolean }

/** A push as it came. */
export interface Push {
  readonly ch?: string
  readonly epoch?: string
  readonly seq?: number
  readonly prev?: number
  readonly t?: number
  readonly snap?: State
  readonly d?: Record<string, unknown>
  readonly merged?: number
  readonly h?: string
  readonly rows?: readonly State[]
  readonly more?: boolean
  readonly hb?: number
  readonly stale?: readonly string[]
  readonly bye?: { readonly reason: string; readonly reconnectInMs: number }
}

export interface Reply {
  readonly id: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data: { readonly code: string; readonly retry: boolean } }
}

/** What a client knows of one channel. */
export interface Replica {
  epoch: string
  seq: number
  /** ms of event time. */
  t: number
  state: State
  /** Rows that came before the snapshot. */
  readonly rows: State[]
  pages: number
  /** Pushes that carried a state: snapshots and patches, in order. */
  readonly pushes: Push[]
  checksums: number
}

export class ProtocolClient {
  readonly ws: WebSocket
  readonly replicas = new Map<string, Replica>()
  readonly pushes: Push[] = []
  readonly heartbeats: number[] = []
  readonly faults: string[] = []
  bye: Push['bye']
  /** The channels that are stale, as the server said last. */
  stale: readonly string[] = []
  /** Frames in the order they came: what they were about. */
  readonly order: string[] = []
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  private readonly replies: Reply[] = []
  private readonly waiting = new Set<() => void>()
  private readonly followed = new Set<string>()
  private lastId = 0
  private newest = 0

  private constructor(url: string, options: ClientOptions) {
    this.ws = new WebSocket(url, { perMessageDeflate: false, ...options })
    this.ws.on('message', (data, isBinary) => {
      if (isBinary) this.faults.push('a binary frame')
      else this.take((data as Buffer).toString())
    })
    this.closed = new Promise(resolve => {
      this.ws.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        for (const look of this.waiting) look()
      })
      this.ws.on('error', () => {})
    })
  }

  /** Rejects if the server refuses the socket. */
  static async connect(url: string, options: ClientOptions = {}): Promise<ProtocolClient> {
    const client = new ProtocolClient(url, options)
    await once(client.ws, 'open')
    return client
  }

  /** Resolves when `holds` does, which is asked again at every frame. Rejects if the socket ends before. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const done = holds()
        if (!done && this.ws.readyState !== WebSocket.CLOSED) return
        this.waiting.delete(look)
        if (done) resolve()
        else reject(new Error('the socket has ended'))
      }
      this.waiting.add(look)
      look()
    })
  }

  send(frame: string | Buffer): void {
    this.ws.send(frame)
  }

  /** Sends one frame as it is; the next reply. */
  async exchange(frame: string | Buffer): Promise<Reply> {
    const before = this.replies.length
    this.send(frame)
    await this.until(() => this.replies.length > before)
    return this.replies[before]!
  }

  async request(method: string, params?: unknown): Promise<Reply> {
    this.lastId += 1
    const id = this.lastId
    this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    let reply: Reply | undefined
    await this.until(() => {
      reply = this.replies.find(r => r.id === id)
      return reply !== undefined
    })
    return reply!
  }

  /** Returns the result. Rejects if there is an error in its place. */
  async ask<T = unknown>(method: string, params?: unknown): Promise<T> {
    const { result, error } = await this.request(method, params)
    if (error) throw new Error(`${method}: ${error.data.code}: ${error.message}`)
    return result as T
  }

  subscribe(channels: readonly string[], more: object = {}): Promise<Record<string, Subscribed>> {
    return this.ask('subscribe', { channels, ...more })
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    await this.ask('unsubscribe', { channels })
    for (const channel of channels) this.followed.delete(channel)
  }

  /** What is known of a channel, when its snapshot has come. */
  async replica(channel: string): Promise<Replica> {
    await this.until(() => (this.replicas.get(channel)?.pushes.length ?? 0) > 0)
    return this.replicas.get(channel)!
  }

  /** Goes on with what another client knew: for a resumption. */
  takeOver(other: ProtocolClient): void {
    for (const [channel, replica] of other.replicas) this.replicas.set(channel, structuredClone(replica))
  }

  async close(): Promise<void> {
    this.ws.terminate()
    await this.closed
  }

  private take(text: string): void {
    const frame = JSON.parse(text) as Push & Partial<Reply> & { jsonrpc?: string }
    if (frame.jsonrpc !== undefined) this.replied(frame as Reply)
    else {
      this.pushes.push(frame)
      if (frame.hb !== undefined) this.heartbeats.push(frame.hb)
      else if (frame.bye !== undefined) this.bye = frame.bye
      else if (frame.stale !== undefined) this.stale = frame.stale
      else this.pushed(frame)
    }
    this.order.push(frame.jsonrpc === undefined ? (frame.ch ?? Object.keys(frame)[0]!) : 'reply')
    for (const look of [...this.waiting]) look()
  }

  private replied(reply: Reply): void {
    this.replies.push(reply)
    const { result } = reply
    if (typeof result !== 'object' || result === null) return
    for (const [channel, said] of Object.entries(result as Record<string, Subscribed>)) {
      if (typeof said?.seq !== 'number') continue
      this.followed.add(channel)
      const known = this.replicas.get(channel)
      if (!said.recovered || !known) this.replicas.set(channel, { ...NOTHING, rows: [], pushes: [], epoch: said.epoch })
      else if (known.epoch !== said.epoch) this.faults.push(`${channel}: recovered over two epochs`)
    }
  }

  private pushed(push: Push): void {
    const { ch } = push
    const replica = this.replicas.get(ch!)
    if (ch === undefined || replica === undefined || !this.followed.has(ch)) {
      this.faults.push(`a push before its reply, or of a channel that is not followed: ${JSON.stringify(push).slice(0, 100)}`)
      return
    }
    const fault = (what: string): void => void this.faults.push(`${ch} at ${push.seq ?? 'rows'}: ${what}`)
    if (push.rows !== undefined) {
      if (replica.seq >= 0) fault('rows after the snapshot')
      replica.rows.push(...push.rows)
      replica.pages += 1
      return
    }
    if (push.h !== undefined) {
      if (push.seq !== replica.seq) fault(`a checksum of another state than ${replica.seq}`)
      const own = checksum(replica.state)
      if (push.h !== own) fault(`checksum ${push.h}, but the state has ${own}`)
      replica.checksums += 1
      return
    }
    // A snapshot that follows rows is as of the moment it was asked for. (Of `status` see protocolPushes.test.ts.)
    const follows = push.snap !== undefined && replica.pages > 0
    if (push.t! < this.newest && !follows && ch !== 'status') fault(`t goes back from ${this.newest} to ${push.t}`)
    this.newest = Math.max(this.newest, push.t!)
    if (push.snap !== undefined) {
      if (push.epoch !== replica.epoch) fault(`epoch ${push.epoch}, but the reply said ${replica.epoch}`)
      replica.state = merged({}, push.snap) as State
      const wrong = strange(push.snap, 'snap')
      if (wrong) fault(wrong)
    } else {
      const prev = push.prev ?? push.seq! - 1
      if (prev !== replica.seq) fault(`a patch of ${prev}, but the state is ${replica.seq}`)
      if (push.merged !== undefined && push.merged !== push.seq! - prev) fault(`merged ${push.merged}, but from ${prev}`)
      replica.state = merged(replica.state, push.d) as State
      const wrong = strange(push.d!, 'd', true)
      if (wrong) fault(wrong)
    }
    replica.seq = push.seq!
    replica.t = push.t!
    replica.pushes.push(push)
  }
}

export interface Subscribed {
  readonly epoch: string
  readonly seq: number
  readonly recovered?: boolean
  readonly rate?: number
  readonly error?: { readonly code: string; readonly message: string; readonly retry: boolean }
}

const NOTHING = { epoch: '', seq: -1, t: 0, state: {} as State, pages: 0, checksums: 0 }

/** RFC 7396, section 2, as the pseudo code has it. */
export const merged = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Record<string, unknown> = Object.create(null)
  if (typeof target === 'object' && target !== null && !Array.isArray(target)) Object.assign(result, target)
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = merged(result[name], value)
  }
  return result
}

/** CRC-32 of the RFC 8785 form. */
const checksum = (state: State): string => crc32(canonical(state)).toString(16).padStart(8, '0')

const canonical = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const names = Object.keys(value).sort()
  return `{${names.map(name => `${JSON.stringify(name)}:${canonical((value as State)[name])}`).join(',')}}`
}

/** Returns what may not be in a state: null (but to remove, in a patch) and arrays; undefined if all is well. */
const strange = (value: unknown, at: string, isPatch = false): string | undefined => {
  if (Array.isArray(value)) return `${at} is an array`
  if (value === null) return isPatch ? undefined : `${at} is null`
  if (typeof value !== 'object') return undefined
  for (const [name, member] of Object.entries(value)) {
    const wrong = strange(member, `${at}.${name}`, isPatch)
    if (wrong) return wrong
  }
  return undefined
}
