import type { Socket } from './transport.ts'

/** Bytes from which on a list is sent at once, and not kept until the end of the turn. */
const SEND_AT = 64 * 1024

const OPEN = Buffer.from('[')
const COMMA = Buffer.from(',')
const CLOSE = Buffer.from(']')

/** What a socket of lists needs of who made it. */
export interface ListOwner<Data> {
  subscribe(socket: ListSocket<Data>, topic: string): void
  unsubscribe(socket: ListSocket<Data>, topic: string): void
  /** It has been given something, to be sent at the end of the turn. */
  touched(socket: ListSocket<Data>): void
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
    if (!this.closed) this.owner.subscribe(this, topic)
  }

  unsubscribe(topic: string): void {
    this.owner.unsubscribe(this, topic)
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
    if (this.parts.length === 0) this.owner.touched(this)
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
