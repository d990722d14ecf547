import { ERRORS } from '../../streams/wire/errors.ts'
import { Followed, type Push, type Subscribed } from './followed.ts'
import { Mismatch, must } from './mismatch.ts'

/** A reply as it came. */
export interface Reply {
  readonly jsonrpc: string
  readonly id: unknown
  readonly result?: unknown
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data: { code: string; retry: boolean; order?: { status?: string } }
  }
}

/** A websocket, as far as a conversation needs it. */
export interface SocketLike {
  send(data: string | Uint8Array): void
  close(): void
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: never) => void): void
}

/** How long an answer may take, ms. */
const PATIENCE_MS = 5_000
/** Lines of a transcript that are kept. */
const TRANSCRIPT = 400

/** One socket to the server under test. What comes is held to the rules at once; whatever is said is kept as a transcript. */
export class Conversation {
  /** `→` what was sent, `←` what came. */
  readonly transcript: string[] = []
  readonly replies: Reply[] = []
  readonly followed = new Map<string, Followed>()
  /** Every push in order. */
  readonly pushes: Push[] = []
  /** When heartbeats came, ms. */
  readonly heartbeats: number[] = []
  closed: { readonly code: number } | undefined
  /** The first thing that was not as it has to be. */
  private fault: Error | undefined
  private readonly socket: SocketLike
  private readonly waiting = new Set<() => void>()
  private readonly subscriptions = new Set<unknown>()
  private nextId = 1
  private newest = 0

  private constructor(socket: SocketLike) {
    this.socket = socket
    socket.addEventListener('message', ({ data }: { data: unknown }) => this.receive(data))
    socket.addEventListener('close', (event: { code: number }) => {
      this.closed = event
      this.note('←', `closed with ${event.code}`)
      this.look()
    })
  }

  /** Opens a conversation. Rejects if the server does not take the socket. */
  static open(socket: SocketLike, url: string): Promise<Conversation> {
    const conversation = new Conversation(socket)
    return new Promise((resolve, reject) => {
      socket.addEventListener('open', () => resolve(conversation))
      socket.addEventListener('error', () => reject(new Mismatch('opening a socket', `none at ${url}`, 'a websocket')))
    })
  }

  /** Resolves when it holds, which is asked again at whatever comes. Rejects with a Mismatch if it takes too long or a rule is broken. */
  until(holds: () => boolean, expected: string, patience = PATIENCE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (how: () => void): void => {
        clearTimeout(timer)
        this.waiting.delete(look)
        how()
      }
      const look = (): void => {
        if (this.fault) end(() => reject(this.fault))
        else if (holds()) end(resolve)
        else if (this.closed) end(() => reject(new Mismatch('the socket', `it was closed with ${this.closed?.code}`, expected)))
      }
      const timer = setTimeout(
        () => end(() => reject(new Mismatch('waiting', `nothing of the kind within ${patience} ms`, expected))),
        patience,
      )
      this.waiting.add(look)
      look()
    })
  }

  /** Lets time pass, ms. Rejects if a rule is broken meanwhile. */
  async pause(ms: number): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, ms))
    if (this.fault) throw this.fault
  }

  /** Sends a frame as it is. */
  send(frame: string | Uint8Array): void {
    this.note('→', typeof frame === 'string' ? frame : `${frame.length} bytes, binary`)
    this.socket.send(frame)
  }

  /** Sends a frame and resolves with the reply that comes next. */
  async exchange(frame: string | Uint8Array, expected: string): Promise<Reply> {
    const before = this.replies.length
    this.send(frame)
    await this.until(() => this.replies.length > before, expected)
    return this.replies[before]!
  }

  /** Sends a request and resolves with its reply. */
  async request(method: string, params?: object): Promise<Reply> {
    const id = this.nextId++
    if (method === 'subscribe') this.subscriptions.add(id)
    this.send(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params && { params }) }))
    const isReply = (reply: Reply): boolean => reply.id === id
    await this.until(() => this.replies.some(isReply), `a reply to "${method}" with the id ${id}`)
    return this.replies.find(isReply)!
  }

  /** Sends a request and resolves with its result. Rejects with a Mismatch if there is an error in its place. */
  async ask<T>(method: string, params?: object): Promise<T> {
    const { result, error } = await this.request(method, params)
    if (error) throw new Mismatch(method, `the error ${error.data.code}: ${error.message}`, 'a result')
    return result as T
  }

  /** Sends a request that must be refused with this code. */
  async refused(method: string, params: object | undefined, code: string): Promise<NonNullable<Reply['error']>> {
    const { result, error } = await this.request(method, params)
    if (error?.data.code === code) return error
    throw new Mismatch(method, error ? `the error ${error.data.code}` : (result ?? null), `the error ${code}`)
  }

  /** Subscribes channels. */
  subscribe(channels: readonly string[], options: object = {}): Promise<Record<string, Subscribed>> {
    return this.ask('subscribe', { channels, ...options })
  }

  /** Resolves with a channel when its snapshot has come and as many further pushes as are wanted. */
  async follows(channel: string, pushes = 0, patience = PATIENCE_MS): Promise<Followed> {
    const have = (): number => this.followed.get(channel)?.pushes.length ?? 0
    const before = pushes === 0 ? 0 : have()
    await this.until(() => have() > 0 && have() >= before + pushes, `${pushes || 'the first'} push of ${channel}`, patience)
    return this.followed.get(channel)!
  }

  /** Goes on with what another conversation knew of a channel: to resume it. */
  takeOver({ channel, epoch, seq, state, t }: Followed): void {
    this.followed.set(channel, Object.assign(new Followed(channel), { epoch, seq, state, t }))
  }

  /** Closes the socket. */
  close(): void {
    this.socket.close()
  }

  private note(way: '→' | '←', text: string): void {
    this.transcript.push(`${way} ${text}`)
    if (this.transcript.length > TRANSCRIPT) this.transcript.shift()
  }

  private look(): void {
    for (const look of [...this.waiting]) look()
  }

  private receive(data: unknown): void {
    if (this.fault) return
    try {
      this.note('←', typeof data === 'string' ? data : 'a binary frame')
      must(typeof data === 'string', 'a frame', 'a binary one', 'text')
      this.take(parsed(data as string))
    } catch (error) {
      this.fault = error as Error
    }
    this.look()
  }

  private take(frame: Record<string, unknown>): void {
    if ('jsonrpc' in frame) this.takeReply(frame as unknown as Reply)
    else if ('ch' in frame) this.takePush(frame as unknown as Push)
    else if ('hb' in frame) {
      must(Number.isInteger(frame.hb), 'a heartbeat', frame, '{"hb": ms}')
      this.heartbeats.push(Date.now())
    } else if ('stale' in frame) {
      const channels = frame.stale as unknown[]
      const isWhole = Array.isArray(channels) && channels.every(name => typeof name === 'string')
      must(
        isWhole && (channels.length === 0 || Number.isInteger(frame.since)),
        'what is stale',
        frame,
        '{"stale": [channel, …], "since": ms}',
      )
    }
  }

  private takeReply(reply: Reply): void {
    const { jsonrpc, id, error } = reply
    must(jsonrpc === '2.0', 'a reply: jsonrpc', jsonrpc, '"2.0"')
    must('result' in reply !== 'error' in reply, 'a reply', reply, 'either a result or an error')
    if (error) wellFormed(error)
    this.replies.push(reply)
    if (!this.subscriptions.has(id) || reply.result === undefined) return
    for (const [channel, said] of Object.entries(reply.result as Record<string, Subscribed>)) {
      if (said.error) continue
      must(typeof said.epoch === 'string' && Number.isInteger(said.seq), `the reply for ${channel}`, said, '{epoch, seq}')
      const followed = this.followed.get(channel) ?? new Followed(channel)
      this.followed.set(channel, followed)
      followed.accepted(said)
    }
  }

  private takePush(push: Push): void {
    const followed = this.followed.get(push.ch)
    if (followed === undefined) throw new Mismatch('a push', `one of ${push.ch} before the reply to its subscription`, 'the reply first')
    const follows = push.snap !== undefined && followed.pages > 0
    followed.take(push, Date.now())
    this.pushes.push(push)
    // Of another clock, or of the moment when its rows were asked for.
    if (push.t === undefined || push.ch === 'status' || follows) return
    must(push.t >= this.newest, `${push.ch}, push ${push.seq}: t`, push.t, `${this.newest} or later, as pushes before it`)
    this.newest = push.t
  }
}

const parsed = (text: string): Record<string, unknown> => {
  try {
    const frame: unknown = JSON.parse(text)
    if (typeof frame === 'object' && frame !== null && !Array.isArray(frame)) return frame as Record<string, unknown>
  } catch {}
  throw new Mismatch('a frame', text.slice(0, 80), 'a JSON object')
}

/** Throws a Mismatch if an error is not of the closed list. */
const wellFormed = ({ code, message, data }: NonNullable<Reply['error']>): void => {
  const known = Object.hasOwn(ERRORS, String(data?.code)) ? ERRORS[data.code as keyof typeof ERRORS] : undefined
  must(known !== undefined, 'an error: data.code', data?.code, 'one of the documented codes')
  must(code === known!.rpc, `an error ${data.code}: code`, code, String(known!.rpc))
  must(data.retry === known!.retry, `an error ${data.code}: data.retry`, data.retry, String(known!.retry))
  must(typeof message === 'string' && message !== '', `an error ${data.code}: message`, message, 'a sentence')
}
