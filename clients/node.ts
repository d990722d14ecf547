import { WebSocket } from 'ws'
import { type ClientOptions, Driftwire, type SocketLike } from './client.ts'

/** Connects from any supported Node: 20 has no WebSocket of its own. */
export const connect = (url: string, options: Omit<ClientOptions, 'url' | 'open'> = {}): Driftwire =>
  new Driftwire({ ...options, url, open: address => new WebSocket(address, { perMessageDeflate: false }) as unknown as SocketLike })
