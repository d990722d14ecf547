import { useSignal } from '@preact/signals'
import { session } from '../../live/session.ts'
import { filled, type Placed } from './document.ts'

/** Characters of an answer that are shown. */
const SHOWN = 20_000

interface Shown {
  readonly head: string
  readonly text: string
}

const pretty = (text: string, type: string): string => {
  if (!type.includes('json')) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** Asks a route, and shows what it answers. */
export const TryIt = ({ placed }: { readonly placed: Placed }) => {
  const { path, operation } = placed
  const parameters = (operation.parameters ?? []).filter(({ in: at }) => at !== 'header')
  const values = useSignal<Readonly<Record<string, string>>>({})
  const answer = useSignal<Shown | undefined>(undefined)
  const url = filled(path, parameters, values.value)
  const ask = async (): Promise<void> => {
    const began = performance.now()
    try {
      const token = session.peek()?.token
      const response = await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
      const text = pretty(await response.text(), response.headers.get('content-type') ?? '')
      const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}\n… ${text.length - SHOWN} more characters` : text
      answer.value = { head: `${response.status} ${response.statusText} · ${Math.round(performance.now() - began)} ms`, text: cut }
    } catch (error) {
      answer.value = { head: 'no answer', text: String(error) }
    }
  }
  return (
    <form
      class="try"
      onSubmit={event => {
        event.preventDefault()
        void ask()
      }}
    >
      <h4>Try it</h4>
      <div class="fields">
        {parameters.map(({ name, required, schema }) => (
          <label key={name} class="field">
            {name}
            <input
              required={required ?? false}
              autocomplete="off"
              placeholder={schema?.default === undefined ? '' : String(schema.default)}
              onInput={event => (values.value = { ...values.value, [name]: event.currentTarget.value })}
            />
          </label>
        ))}
        <button type="submit" class="primary">
          GET
        </button>
      </div>
      <p class="mono quiet">{url}</p>
      {answer.value && (
        <>
          <p role="status">{answer.value.head}</p>
          <pre tabIndex={0}>{answer.value.text}</pre>
        </>
      )}
    </form>
  )
}
