import type { Principal } from '../../identity/access.ts'

/** What routes find beside the request: who asks, the address at the other end of the socket, the name of the request and the bytes of its body. */
export type Env = { Variables: { who: Principal }; Bindings: { remoteAddress?: string; requestId?: string; bytes?: number } }
