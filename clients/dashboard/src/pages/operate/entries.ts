import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { useChannel } from '../../live/channels.ts'

/** What follows from a busy journal is read again at most this often, ms. */
const READ_MS = 2_000

/** Returns the number of entries of the journal: at once, and then at most every two seconds. Undefined until it is known. */
export const useEntries = (): ReadonlySignal<number | undefined> => {
  const status = useChannel('status')
  const entries = useSignal<number | undefined>(undefined)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let readAt = Number.NEGATIVE_INFINITY
    let newest: number | undefined
    const stop = status.subscribe(shown => {
      const now = shown?.state.journal?.entries as number | undefined
      if (now === undefined || now === newest) return
      newest = now
      clearTimeout(timer)
      timer = setTimeout(
        () => {
          readAt = performance.now()
          entries.value = newest
        },
        Math.max(0, readAt + READ_MS - performance.now()),
      )
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [status])
  return entries
}
