import type { Logger } from 'pino'

/** The one path where websockets are taken; whatever else comes to the port is HTTP. */
export const SOCKET_PATH = '/ws'

/** Bytes; a longer message ends its socket. (What the application finds too large it answers itself, from less than this.) */
export const MAX_MESSAGE = 1024 * 1024

/**
 * A server of websockets and HTTP on one port. Publishing gives the same bytes to every socket that follows a topic; what a
 * socket gets by topics and by `send` reaches it in the order of the calls, and all of one turn of the event loop leaves together.
 */
export interface Transport {
  readonly name: 'uws' | 'ws'
  /** Websockets that are open. */
  readonly sockets: number
  /** Connections and websockets turned away since the start because all places were taken. */
  readonly refused: number
  /** The port, which the system picks where 0 is asked for. Rejects where it cannot be had, so also where another listens on it. */
  listen(host: string, port: number): Promise<number>
  /** A text frame: UTF-8. Nobody following the topic is no error. */
  publish(topic: string, frame: Uint8Array): void
  /**
   * Stops listening, ends every websocket with 1001, lets running requests finish for at most `graceMs`, then cuts what is left.
   * Fulfilled when nothing is left.
   */
  close(graceMs: number): Promise<void>
}

/** A websocket, from `open` to `close`. After that every call is a no-op. `data` is what `upgrade` accepted it with. */
export interface Socket<Data = unknown> {
  /** Unique in its transport. */
  readonly id: number
  readonly data: Data
  readonly closed: boolean
  /**
   * Set when a message for this socket was thrown away because more than `maxBackpressure` bytes waited for it: what its peer
   * knows is no longer known. Only a flag, found at the latest in the next turn. Whoever has made good for it clears it.
   */
  dropped: boolean
  /** A text frame. */
  send(frame: Uint8Array | string): void
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  /** Answered by `pong` with the same number, a safe integer ≥ 0, once the peer has read all that was sent before. */
  ping(mark: number): void
  /** Bytes that the kernel has not taken yet. It takes some MB before this is more than 0: no measure of how far behind a peer is. */
  buffered(): number
  /**
   * Ends the socket after all that was sent before; `reason` of at most 123 bytes. A peer that does not take that within some
   * seconds is cut off.
   */
  close(code: number, reason: string): void
}

/** What a transport asks of the application. A handler that throws is a mistake of ours: the process ends. */
export interface Handlers<Data = unknown> {
  /** Decides on a websocket before there is one: origin, limits. */
  upgrade(request: UpgradeRequest): { readonly accept: Data } | { readonly refuse: Response }
  open(socket: Socket<Data>): void
  /** `text` is undefined for a binary message. */
  message(socket: Socket<Data>, text: string | undefined): void
  /** `mark` is undefined where the peer sent a pong that answers no `ping`. */
  pong(socket: Socket<Data>, mark: number | undefined): void
  /** Less is buffered than before; not that nothing is. */
  drain(socket: Socket<Data>): void
  /** Once for every `open`, and never from inside a call made on a socket. 1006: ended without a closing handshake. */
  close(socket: Socket<Data>, code: number): void
  /** A rejection is logged and answered 500. `request.signal` aborts when the client has gone. */
  http(request: Request, info: { readonly remoteAddress: string }): Promise<Response> | Response
}

export interface UpgradeRequest {
  /** With the scheme http or https. */
  readonly url: URL
  readonly headers: Headers
  /** Of the peer at the other end of the TCP connection: '192.0.2.1', '2001:db8::1'. */
  readonly remoteAddress: string
}

export interface TransportOptions {
  readonly log: Logger
  /** PEM files. Without them the server speaks plain text. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Websockets at a time; the next is answered 503. Default: what the limit of open files allows. */
  readonly maxSockets?: number
  /** Bytes that may wait in this process for one socket, by default 1 MiB; above it messages for it are dropped. */
  readonly maxBackpressure?: number
  /** Bytes of a request's body, by default 10 MiB; above it the request is answered 413. */
  readonly maxBody?: number
}

export const DEFAULT_MAX_BACKPRESSURE = 1024 * 1024
export const DEFAULT_MAX_BODY = 10 * 1024 * 1024

export const cannotListen = (host: string, port: number, cause: Error): Error =>
  new Error(`cannot listen on ${host}:${port}: ${cause.message}`, { cause })
