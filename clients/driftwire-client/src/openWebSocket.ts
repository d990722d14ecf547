import type { SocketLike } from './socket.ts'

/** Opens a websocket of the platform's own. */
export const openSocket = (url: string): SocketLike => new WebSocket(url) as unknown as SocketLike
