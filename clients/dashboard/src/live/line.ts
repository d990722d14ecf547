import { signal } from '@preact/signals'
import { Driftwire, RequestError } from '../../../client.ts'

/** How the connection to the server stands. */
export interface Line {
  readonly state: 'connecting' | 'live' | 'lost'
  /** Why it was lost, if that is known. */
  readonly why: string
  /** Wall time since when it is so, ms. */
  readonly since: number
}

/** The connection, for all to see. */
export const line = signal<Line>({ state: 'connecting', why: '', since: Date.now() })
/** The newest event time that any channel has shown, ms; 0 before the first. */
export const newest = signal(0)
/** Wall time of the newest state, ms; 0 before the first. */
export const heardAt = signal(0)

/** The one connection of the page. */
export const wire = new Driftwire({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
  onConnection: (connected, why) => {
    line.value = { state: connected ? 'live' : 'lost', why, since: Date.now() }
  },
})

/** Sends a request over the websocket, when there is a connection. Rejects with a RequestError. */
export const ask = async <Result>(method: string, params: object = {}): Promise<Result> => {
  await wire.whenConnected()
  return wire.request<Result>(method, params)
}

export { RequestError }
