import type { Logger } from 'pino'
import type { KeyPairFiles, KeyPairNames } from './keyPairFiles.ts'

/** The path of websockets; everything else that comes to the port is HTTP. */
export const SOCKET_PATH = '/ws'

/** Bytes; a longer message ends its socket. (The application has a smaller limit of its own, and answers what exceeds it.) */
export const MAX_MESSAGE = 1024 * 1024

/**
 * A server of websockets and HTTP on one port. Publishing gives the same bytes to every socket that follows a topic; what a
 * socket gets by topics and by `send` reaches it in the order of the calls, and all of one turn of the event loop leaves together.
 */
export interface Transport {
  readonly name: 'uws' | 'ws'
  /** Connections and websockets turned away since the start because all places were taken. */
  readonly refused: number
  /** Resolves with the port, which the system picks for 0. Rejects if it cannot be had, so also if another process listens on it. */
  listen(host: string, port: number): Promise<number>
  /** The certificate and its key, if the transport speaks TLS. */
  readonly keyPair: KeyPairFiles | undefined
  /** Sends a text frame (UTF-8) to every socket on the topic. There may be none. */
  publish(topic: string, frame: Uint8Array): void
  /**
   * Stops listening, ends every websocket with 1001, lets running requests finish for at most `graceMs`, then cuts what is left.
   * Resolves when nothing is left.
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
   * knows is no longer known. Only a flag, seen at the latest in the next turn; the application clears it when it has dealt with it.
   */
  dropped: boolean
  /** Sends a text frame. */
  send(frame: Uint8Array | string): void
  /** Puts the socket on a topic. */
  subscribe(topic: string): void
  /** Takes it off again; what was published before still reaches it. */
  unsubscribe(topic: string): void
  /** Sends a ping. `pong` brings the same number, a safe integer ≥ 0, when the peer has read all that was sent before. */
  ping(mark: number): void
  /** Returns the bytes that the kernel has not taken yet. It takes some MB first: this does not measure how far behind a peer is. */
  buffered(): number
  /**
   * Ends the socket after all that was sent before; `reason` of at most 123 bytes. A peer that does not take that within some
   * seconds is cut off.
   */
  close(code: number, reason: string): void
}

/** What a transport asks of the application. A handler that throws is a bug: the process ends. */
export interface Handlers<Data = unknown> {
  /** Decides whether a websocket may be opened: origin, limits. */
  upgrade(request: UpgradeRequest): { readonly accept: Data } | { readonly refuse: Response }
  /** A websocket has been opened. */
  open(socket: Socket<Data>): void
  /** A message has come; `text` is undefined for a binary one. */
  message(socket: Socket<Data>, text: string | undefined): void
  /** A pong has come; `mark` is undefined if it answers no `ping`. */
  pong(socket: Socket<Data>, mark: number | undefined): void
  /** Called once for every `open`, never from inside a call made on a socket. 1006: ended without a closing handshake. */
  close(socket: Socket<Data>, code: number): void
  /** Answers a request. A rejection is logged and answered 500. `request.signal` aborts when the client has gone. */
  http(request: Request, info: RequestInfo): Promise<Response> | Response
}

/** What is known of a request beside what it says. */
export interface RequestInfo {
  readonly remoteAddress: string
  /** Its name in logs and answers: its own `x-request-id`, else a new one. */
  readonly requestId: string
  /** Of its body. */
  readonly bytes: number
}

/** A request to open a websocket. */
export interface UpgradeRequest {
  /** With the scheme http or https. */
  readonly url: URL
  readonly headers: Headers
  /** Its name in logs and answers, and that of the socket. */
  readonly id: string
  /** The peer at the other end of the TCP connection: '192.0.2.1', '2001:db8::1'. */
  readonly remoteAddress: string
}

/** How a transport is opened. */
export interface TransportOptions {
  readonly log: Logger
  /** Names of PEM files. Without them the server speaks plain text. */
  readonly tls?: KeyPairNames & { readonly checkMs?: number }
  /** Websockets at a time; one more is answered 503. Default: what the limit of open files allows. */
  readonly maxSockets?: number
  /** Bytes that may wait in this process for one socket, by default 1 MiB; above it messages for it are dropped. */
  readonly maxBackpressure?: number
  /** A proxy in front speaks TLS. */
  readonly behindTls?: boolean
  /** Bytes of a request's body, by default 10 MiB; above it the request is answered 413. */
  readonly maxBody?: number
}

/** Bytes that may wait for one socket. */
export const DEFAULT_MAX_BACKPRESSURE = 1024 * 1024

/** Bytes of a request's body. */
export const DEFAULT_MAX_BODY = 10 * 1024 * 1024

/** A port that cannot be had. The message is one line, for the user who started the process. */
export class ListenError extends Error {
  constructor(host: string, port: number, cause: Error) {
    super(`cannot listen on ${host}:${port}: ${cause.message}`, { cause })
  }
}
