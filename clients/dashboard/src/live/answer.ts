import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get, type Refused } from './http.ts'
import { line } from './line.ts'
import { session } from './session.ts'

/** An answer of a route. */
export interface Answer<T> {
  /** Undefined until it is there. */
  readonly value: ReadonlySignal<T | undefined>
  /** Why it is not. */
  readonly error: ReadonlySignal<Refused | undefined>
  /** Asks again. */
  readonly again: () => void
}

/** ms after which a server that was not ready, or had too much to do, is asked again. */
const RETRY_MS = 2_000

/**
 * Asks a route when the component comes, when the path changes, when somebody signs in, when the line is back, and every `everyMs`;
 * and again if the server was not ready.
 * Without a path nothing is asked.
 */
export const useAnswer = <T>(path: string | undefined, everyMs?: number): Answer<T> => {
  const value = useSignal<T | undefined>(undefined)
  const error = useSignal<Refused | undefined>(undefined)
  const asked = useSignal(0)
  const user = session.value?.token
  const connected = line.value.state === 'live'
  useEffect(() => {
    value.value = undefined
  }, [path])
  useEffect(() => {
    if (path === undefined || !connected) return
    const stop = new AbortController()
    let again: ReturnType<typeof setTimeout> | undefined
    const ask = (): void => {
      clearTimeout(again)
      get<T>(path, stop.signal).then(
        answer => {
          value.value = answer
          error.value = undefined
        },
        (reason: Refused) => {
          if (stop.signal.aborted) return
          error.value = reason
          if (reason.status === 503 || reason.status === 429) again = setTimeout(ask, RETRY_MS)
        },
      )
    }
    ask()
    const timer = everyMs === undefined ? undefined : setInterval(ask, everyMs)
    return () => {
      stop.abort()
      clearInterval(timer)
      clearTimeout(again)
    }
  }, [path, user, connected, everyMs, asked.value])
  return {
    value,
    error,
    again: () => {
      asked.value += 1
    },
  }
}
