import type { EndOfTurn } from './endOfTurn.ts'
import type { Topics } from './topics.ts'
import type { Socket } from './transport.ts'

/** Bytes from which on a list is sent at once, and not kept until the end of the turn. */
const SEND_AT = 64 * 1024

const OPEN = Buffer.from('[')
const COMMA = Buffer.from(',')
const CLOSE = Buffer.from(']')

/** What a socket of lists needs of who made it. */
export interface ListOwner<Data> {
  readonly topics: Topics<ListSocket<Data>>
  /** Flushes those that have been given something. */
  readonly turn: EndOfTurn
}

/**
 * A socket whose messages of one turn go out as one: a JSON list of them. A browser pays for each message that comes, whatever is in it: more
 * than for reading what is in it.
 */
export class ListSocket<Data> implements Socket<Data> {
  readonly topics = new Set<string>()
  private readonly socket: Socket<Data>
  private readonly owner: ListOwner<Data>
  private readonly parts: Uint8Array[] = []
  private bytes = 0

  constructor(socket: Socket<Data>, owner: ListOwner<Data>) {
    this.socket = socket
    this.owner = owner
  }

  get id(): number {
    return this.socket.id
  }

  get data(): Data {
    return this.socket.data
  }

  get closed(): boolean {
    return this.socket.closed
  }

  get dropped(): boolean {
    return this.socket.dropped
  }

  set dropped(dropped: boolean) {
    this.socket.dropped = dropped
  }

  send(frame: Uint8Array | string): void {
    this.give(Buffer.from(frame as string))
  }

  subscribe(topic: string): void {
    if (!this.closed) this.owner.topics.subscribe(this, topic)
  }

  unsubscribe(topic: string): void {
    this.owner.topics.unsubscribe(this, topic)
  }

  ping(mark: number): void {
    this.flush()
    this.socket.ping(mark)
  }

  buffered(): number {
    return this.closed ? 0 : this.socket.buffered() + this.bytes
  }

  close(code: number, reason: string): void {
    this.flush()
    this.socket.close(code, reason)
  }

  /** Accepts a message, which may be shared with other sockets and does not change any more. */
  give(part: Uint8Array): void {
    if (this.closed) return
    if (this.parts.length === 0) this.owner.turn.add(this)
    this.parts.push(part)
    this.bytes += part.length
    if (this.bytes >= SEND_AT) this.flush()
  }

  /** Sends what has gathered: a message alone as it is, several as a list. */
  flush(): void {
    const { parts } = this
    if (parts.length === 1) this.socket.send(parts[0]!)
    else if (parts.length > 1) this.socket.send(Buffer.concat([...parts.flatMap((part, i) => [i === 0 ? OPEN : COMMA, part]), CLOSE]))
    parts.length = 0
    this.bytes = 0
  }
}
