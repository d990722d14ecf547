import type { Principal } from '../../identity/access.ts'

/** What routes find beside the request: who asks, the address at the other end of the socket, and the name of the request. */
export type Env = { Variables: { who: Principal }; Bindings: { remoteAddress?: string; requestId?: string } }
