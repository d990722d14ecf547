import type { Principal } from '../../identity/access.ts'

/** What routes find beside the request: who asks, and the address at the other end of the socket. */
export type Env = { Variables: { who: Principal }; Bindings: { remoteAddress?: string } }
