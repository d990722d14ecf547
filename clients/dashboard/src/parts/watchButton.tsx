import { toggleWatched, watched } from '../live/preferences.ts'

/** Puts a channel on the watch list of this browser, or takes it off. */
export const WatchButton = ({ channel, name }: { readonly channel: string; readonly name: string }) => {
  const on = watched.value.includes(channel)
  return (
    <button type="button" class="watch" aria-label={`Watch ${name}`} aria-pressed={on} onClick={() => toggleWatched(channel)}>
      {on ? '★' : '☆'}
    </button>
  )
}
