import { effect, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { age, moment } from '../format/time.ts'
import { shownOf } from '../live/channels.ts'
import { line } from '../live/line.ts'

/**
 * Every figure says its time, its age and, if it is absent, why: on hover, and on focus. A figure is an element with `data-fig`; it names its
 * channel in `data-ch`, and a reason or a note in `data-why`.
 */

const at = signal<HTMLElement | undefined>(undefined)
const tick = signal(0)

const figureOf = (target: EventTarget | null): HTMLElement | undefined =>
  (target as Element | null)?.closest?.<HTMLElement>('[data-fig]') ?? undefined

/** The words for a figure, now. */
const wordsOf = (figure: HTMLElement, now: number): string[] => {
  const { ch, why, fig } = figure.dataset
  const words = [fig, why].filter((text): text is string => Boolean(text))
  if (ch === undefined) return words
  const shown = shownOf(ch)
  if (shown === undefined) return [...words, `${ch}: nothing has come yet`]
  const state = shown.state as { stale?: boolean }
  words.push(`${ch} at ${moment(shown.t, true)} UTC`)
  words.push(
    `came ${age(now - shown.received)} ago${state.stale === true ? ', stale' : ''}${line.peek().state === 'live' ? '' : ', line lost'}`,
  )
  return words
}

/** Starts to show tips. */
export const showTips = (): void => {
  const over = (event: Event): void => {
    const figure = figureOf(event.target)
    if (figure !== at.peek()) at.value = figure
  }
  document.addEventListener('pointerover', over)
  document.addEventListener('focusin', over)
  document.addEventListener('focusout', () => {
    at.value = undefined
  })
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') at.value = undefined
  })
  document.addEventListener(
    'scroll',
    () => {
      if (at.peek()) at.value = undefined
    },
    { capture: true, passive: true },
  )
  effect(() => {
    if (at.value === undefined) return
    const timer = setInterval(() => {
      tick.value += 1
    }, 500)
    return () => clearInterval(timer)
  })
  let described: HTMLElement | undefined
  effect(() => {
    described?.removeAttribute('aria-describedby')
    described = at.value
    described?.setAttribute('aria-describedby', 'tip')
  })
}

/** The one tip of the page. */
export const Tip = () => {
  const box = useRef<HTMLDivElement>(null)
  const figure = at.value
  const beat = tick.value
  useEffect(() => {
    if (!figure || !box.current) return
    const of = figure.getBoundingClientRect()
    const { offsetWidth: width, offsetHeight: height } = box.current
    const left = Math.max(8, Math.min(innerWidth - width - 8, of.right - width))
    const top = of.bottom + height + 12 < innerHeight ? of.bottom + 6 : of.top - height - 6
    box.current.style.transform = `translate(${Math.round(left)}px, ${Math.round(Math.max(8, top))}px)`
  }, [figure, beat])
  const words = figure?.isConnected ? wordsOf(figure, Date.now()) : []
  return (
    <div id="tip" role="tooltip" ref={box} class="tip" hidden={words.length === 0}>
      {words.map(text => (
        <p key={text}>{text}</p>
      ))}
    </div>
  )
}
