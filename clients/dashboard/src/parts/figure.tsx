import { computed, type ReadonlySignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { ABSENT } from '../format/number.ts'
import type { Shown } from '../live/channels.ts'
import { type Marked, marksOf } from '../live/states.ts'

/** What a figure shows. */
export interface Text {
  readonly text: string
  /** A direction gets an arrow and a colour; `warn` a colour. */
  readonly tone?: 'up' | 'down' | 'warn' | 'quiet' | undefined
  /** It is older than it should be, whatever else its state says. */
  readonly stale?: boolean | undefined
  /** A note for hover and focus; for an absent figure, why it is. */
  readonly why?: string | undefined
  /** Where the figure leads. */
  readonly href?: string | undefined
}

const DIRECTIONS = { '-1': 'down', '0': undefined, '1': 'up' } as const

/** Returns a text with the tone of its direction. */
export const toned = (text: string, direction: -1 | 0 | 1): Text => ({ text, tone: DIRECTIONS[direction] })

/** Returns why a figure of a state is absent. */
export const absence = (shown: Shown<Marked> | undefined): string => {
  if (shown === undefined) return 'nothing has come yet'
  return marksOf(shown.state).join('; ') || 'the server does not know it yet'
}

/** Returns the classes of a figure. */
export const classOf = (text: Text, stale: boolean): string =>
  `num${text.tone ? ` ${text.tone}` : ''}${stale || text.stale ? ' stale' : ''}${text.text === ABSENT ? ' absent' : ''}`

/** Properties of a figure of a channel. */
interface NumProps<State> {
  readonly name: string
  readonly of: ReadonlySignal<Shown<State> | undefined>
  readonly read: (state: State) => string | Text
  readonly large?: boolean
}

/** A figure that moves. Only its text node changes. */
export const Num = <State extends Marked>({ name, of, read, large }: NumProps<State>) => {
  const parts = useMemo(() => {
    const shown = computed<Text>(() => {
      const now = of.value
      const text = now === undefined ? ABSENT : read(now.state)
      const full = typeof text === 'string' ? { text } : text
      return full.text === ABSENT && !full.why ? { ...full, why: absence(now) } : full
    })
    return {
      text: computed(() => shown.value.text),
      class: computed(() => `${classOf(shown.value, of.value?.state.stale === true)}${large ? ' large' : ''}`),
      why: computed(() => shown.value.why),
      channel: computed(() => of.value?.channel),
    }
  }, [of, name])
  return (
    <span class={parts.class} data-fig={name} data-ch={parts.channel} data-why={parts.why} tabIndex={0}>
      {parts.text}
    </span>
  )
}

/** A figure with its label. */
export const Figure = <State extends Marked>(props: NumProps<State> & { readonly note?: ComponentChildren }) => (
  <div class="figure">
    <dt>{props.name}</dt>
    <dd>
      <Num {...props} />
      {props.note && <span class="note">{props.note}</span>}
    </dd>
  </div>
)

/** A figure that no channel has; `why` says so while it is absent. */
export const Still = ({ name, of, why }: { readonly name: string; readonly of: string | Text; readonly why?: string }) => {
  const text = typeof of === 'string' ? { text: of } : of
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class={classOf(text, false)} data-fig={name} data-why={text.text === ABSENT ? why : text.why} tabIndex={0}>
          {text.text}
        </span>
      </dd>
    </div>
  )
}
