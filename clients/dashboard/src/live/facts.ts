import type { ReadonlySignal } from '@preact/signals'
import { useAnswer } from './answer.ts'

/** `GET /v1/session`: what everybody may know of the server, and for whom it takes the page. */
export interface ServerFacts {
  readonly server: { readonly name: string; readonly version: string; readonly quote: string }
  readonly registration: 'open' | 'invite' | 'closed'
  readonly who: { readonly as: 'nobody' | 'client' | 'operator'; readonly name?: string; readonly scopes?: readonly string[] }
  readonly reads: { readonly funds: number; readonly portfolios: number; readonly pools: number; readonly symbols: number }
}

/** Returns them; undefined until the server has answered. */
export const useFacts = (): ReadonlySignal<ServerFacts | undefined> => useAnswer<ServerFacts>('/v1/session').value
