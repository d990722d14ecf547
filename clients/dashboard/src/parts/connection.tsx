import { effect, signal } from '@preact/signals'
import { age, clock, day } from '../format/time.ts'
import { heardAt, line, newest } from '../live/line.ts'

/** Wall time, renewed each second while the page is seen. */
export const wallClock = signal(Date.now())
setInterval(() => {
  if (!document.hidden) wallClock.value = Date.now()
}, 1_000)

// Figures of a lost line look old by one rule of the style sheet.
effect(() => {
  document.documentElement.dataset.line = line.value.state
})

const WORDS = { connecting: 'connecting', live: 'live', lost: 'line lost' } as const

/** How the connection stands, and the event time of what is shown. */
export const Connection = () => {
  const { state } = line.value
  const t = newest.value
  return (
    <div class={`connection ${state}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{WORDS[state]}</span>
      {t > 0 && (
        <time dateTime={new Date(t).toISOString()} title="event time of the newest figure, UTC">
          <span class="date">{day(t)}</span> {clock(t)} UTC
        </time>
      )}
    </div>
  )
}

/** Says across the page that the line is lost, and how old the figures are. */
export const Banner = () => {
  const { state, why, since } = line.value
  if (state === 'live') return null
  if (state === 'connecting') return null
  const now = Math.max(wallClock.value, since)
  return (
    <div class="banner" role="alert">
      <strong>Line lost{why && ` (${why})`}.</strong>{' '}
      {heardAt.value > 0 ? <>The figures below are {age(now - heardAt.value)} old.</> : 'There are no figures yet.'} Connecting again.
    </div>
  )
}
