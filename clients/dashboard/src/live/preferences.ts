import { effect, signal } from '@preact/signals'

/** What the user has chosen for this browser. */

const read = <T>(key: string, otherwise: T): T => {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? 'null') as T | null) ?? otherwise
  } catch {
    return otherwise
  }
}

const kept = <T>(key: string, otherwise: T) => {
  const value = signal<T>(read(key, otherwise))
  effect(() => {
    const text = JSON.stringify(value.value)
    try {
      localStorage.setItem(key, text)
    } catch {
      // A browser that keeps nothing still shows everything.
    }
  })
  return value
}

/** Light, dark, or as the system has it. */
export type Theme = 'system' | 'light' | 'dark'

/** The chosen theme. */
export const theme = kept<Theme>('driftwire.theme', 'system')
effect(() => {
  document.documentElement.dataset.theme = theme.value
})

/** The watched channels. */
export const watched = kept<readonly string[]>('driftwire.watched', [])

/** Watches a channel, or no longer. */
export const toggleWatched = (channel: string): void => {
  watched.value = watched.value.includes(channel) ? watched.value.filter(name => name !== channel) : [...watched.value, channel]
}
