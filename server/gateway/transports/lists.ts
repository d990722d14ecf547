import { EndOfTurn } from './endOfTurn.ts'
import { type ListOwner, ListSocket } from './listSocket.ts'
import { Topics } from './topics.ts'
import type { Handlers, Socket, Transport } from './transport.ts'

/** What the transport below keeps of a socket, beside what it was accepted with: whether it asked for lists. */
type Listed<Data> = Data & { readonly lists?: true }

/** Gives lists to the sockets that ask for them at their address, `/ws?lists=true`. All others are the transport's own, and cost nothing more. */
export class Lists<Data extends object> implements ListOwner<Data> {
  private readonly sockets = new Map<Socket<Data>, ListSocket<Data>>()
  readonly topics = new Topics<ListSocket<Data>>()
  readonly turn = new EndOfTurn()

  /** Returns handlers for a transport, which see every socket as these handlers are to see it. */
  around(handlers: Handlers<Data>): Handlers<Listed<Data>> {
    const seen = (socket: Socket<Data>): Socket<Data> => (this.sockets.size === 0 ? socket : (this.sockets.get(socket) ?? socket))
    return {
      ...handlers,
      upgrade: request => {
        const decision = handlers.upgrade(request)
        if ('refuse' in decision || request.url.searchParams.get('lists') !== 'true') return decision
        return { accept: { ...decision.accept, lists: true } }
      },
      open: socket => handlers.open(socket.data.lists ? this.opened(socket) : socket),
      message: (socket, text) => handlers.message(seen(socket), text),
      pong: (socket, mark) => handlers.pong(seen(socket), mark),
      close: (socket, code) => {
        const known = seen(socket)
        this.forget(socket)
        handlers.close(known, code)
      },
    }
  }

  /** Returns the transport, publishing to sockets of lists, too. */
  over(transport: Transport): Transport {
    return {
      name: transport.name,
      keyPair: transport.keyPair,
      get refused() {
        return transport.refused
      },
      listen: (host, port) => transport.listen(host, port),
      publish: (topic, frame) => {
        transport.publish(topic, frame)
        this.publish(topic, frame)
      },
      close: graceMs => transport.close(graceMs),
    }
  }

  private opened(socket: Socket<Data>): ListSocket<Data> {
    const listed = new ListSocket(socket, this)
    this.sockets.set(socket, listed)
    return listed
  }

  private publish(topic: string, frame: Uint8Array): void {
    const followers = this.topics.of(topic)
    if (followers.size === 0) return
    const part = Buffer.from(frame)
    for (const socket of followers) socket.give(part)
  }

  private forget(socket: Socket<Data>): void {
    const listed = this.sockets.get(socket)
    if (!listed) return
    this.topics.forget(listed)
    this.sockets.delete(socket)
  }
}
