import { effect, signal } from '@preact/signals'
import { age, clock, day } from '../format/time.ts'
import { line, newest } from '../live/line.ts'

/** Whether figures on the page are of now, as far as the line goes. */
const lost = (state: string): boolean => state === 'reconnecting' || state === 'silent' || state === 'closed'

/** Whether the page has had a line before: until then there is nothing that could be old. */
const begun = signal(false)

// Figures of a lost line look old by one rule of the style sheet.
effect(() => {
  const { state } = line.value
  if (state === 'live') begun.value = true
  document.documentElement.dataset.line = begun.peek() && state !== 'live' ? 'lost' : state
})

const WORDS = { connecting: 'connecting', live: 'live', silent: 'silent', reconnecting: 'line lost', closed: 'closed' } as const

/** How the connection stands, and the event time of what is shown. */
export const Connection = () => {
  const { state } = line.value
  const t = newest.value
  return (
    <div class={`connection ${lost(state) ? 'lost' : state}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{WORDS[state]}</span>
      {t > 0 && (
        <time dateTime={new Date(t).toISOString()} title="event time of the newest figure">
          <span class="date">{day(t)}</span> {clock(t)} UTC
        </time>
      )}
    </div>
  )
}

/** Says across the page that the line is lost, how old the figures are, and when it is tried again. */
export const Banner = () => {
  const { state, why, age: heardBefore, inSeconds } = line.value
  if (state === 'live' || (state === 'connecting' && !begun.value)) return null
  return (
    <div class="banner">
      <strong role="alert">{state === 'silent' ? 'Nothing is heard from the server.' : `Line lost${why ? ` (${why})` : ''}.`}</strong>{' '}
      {heardBefore === undefined ? 'There are no figures yet.' : `The figures below are ${age(heardBefore)} old.`}{' '}
      {inSeconds !== undefined && inSeconds > 0 ? `Connecting again in ${inSeconds} s.` : state === 'silent' ? '' : 'Connecting again.'}
    </div>
  )
}
