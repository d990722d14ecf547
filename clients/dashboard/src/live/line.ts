import { signal } from '@preact/signals'
import { type ConnectionState, connect, RequestError } from '../../../driftwire-client/src/index.ts'
import { tokenOf } from './token.ts'

const token = tokenOf()

/** The one connection of the page. All that the server has to say at a moment comes as one message: a browser pays for each. */
export const wire = connect(
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws?lists=true`,
  token === undefined ? {} : { token },
)

/** How it stands with the connection. */
export const line = signal<ConnectionState>({ state: 'connecting' })
wire.connection.subscribe(state => {
  line.value = state
})

/** The newest event time that any channel has shown, ms; 0 before the first. */
export const newest = signal(0)

export { RequestError }
