import { filter, firstValueFrom, type Observable, take, toArray } from 'rxjs'
import { onTestFinished } from 'vitest'
import {
  type ConnectionState,
  type ConnectOptions,
  connect,
  type Driftwire,
  type WireEvent,
} from '../../clients/driftwire-client/src/index.ts'

/** A client of the package, and what it said of its connection and of faults. */
export interface Observed {
  readonly wire: Driftwire
  readonly states: ConnectionState[]
  readonly events: WireEvent[]
}

/** Connects the client package, until the running test is over. */
export const observed = (url: string, options: ConnectOptions = {}): Observed => {
  const wire = connect(url, options)
  const states: ConnectionState[] = []
  const events: WireEvent[] = []
  wire.connection.subscribe(state => states.push(state))
  wire.events.subscribe(event => events.push(event))
  onTestFinished(() => wire.close())
  return { wire, states, events }
}

/** Resolves with the first value for which it is so. */
export const once = <T>(values: Observable<T>, holds: (value: T) => boolean = () => true): Promise<T> =>
  firstValueFrom(values.pipe(filter(holds)))

/** Resolves with the next values, as many as are wanted. */
export const next = <T>(values: Observable<T>, count: number): Promise<T[]> => firstValueFrom(values.pipe(take(count), toArray()))

/** Resolves with the connection's state when it is this one. */
export const becomes = ({ connection }: Driftwire, state: ConnectionState['state']): Promise<ConnectionState> =>
  once(connection, now => now.state === state)

/** Resolves with the code of the error by which a promise is rejected. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    result => `no error: ${JSON.stringify(result)}`,
    error => (error as { code?: string }).code ?? String(error),
  )
