import { openSocket as openOwn } from './openWebSocket.ts'
import type { SocketLike } from './socket.ts'

/** Opens a websocket; by the package `ws` on Node 20, which has none of its own. The browsers' bundle has openWebSocket.ts instead. */
export const openSocket = (url: string): SocketLike | Promise<SocketLike> =>
  typeof WebSocket === 'function'
    ? openOwn(url)
    : import('ws').then(ws => new ws.WebSocket(url, { perMessageDeflate: false }) as unknown as SocketLike)
