/** A websocket, as far as the client needs it: the browser's own, Node's from 22 on, and that of the package `ws`. */
export interface SocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number): void
}

/** Opens a websocket; by the package `ws` on Node 20, which has none of its own. */
export const openSocket = (url: string): SocketLike | Promise<SocketLike> => {
  const own = (globalThis as { WebSocket?: new (url: string) => unknown }).WebSocket
  if (own) return new own(url) as SocketLike
  return import('ws').then(({ WebSocket }) => new WebSocket(url, { perMessageDeflate: false }) as unknown as SocketLike)
}
