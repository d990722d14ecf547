import { useSignal } from '@preact/signals'
import { useChannel } from '../../live/channels.ts'
import { post, Refused } from '../../live/http.ts'

const Fund = ({ id }: { readonly id: string }) => {
  const shown = useChannel(`fund:${id}`)
  const error = useSignal<string | undefined>(undefined)
  const state = shown.value?.state
  const halted = state?.halted === true
  const set = async (): Promise<void> => {
    try {
      await post(`/v1/admin/funds/${encodeURIComponent(id)}/${halted ? 'resume' : 'halt'}`)
      error.value = undefined
    } catch (reason) {
      error.value = reason instanceof Refused ? `${reason.code}: ${reason.message}` : String(reason)
    }
  }
  return (
    <li>
      <a href={`/funds/${encodeURIComponent(id)}`}>{id}</a>
      <span class={halted ? 'mark' : 'quiet'}>{state === undefined ? '—' : halted ? 'halted' : 'takes orders'}</span>
      <button type="button" class="tool" disabled={state === undefined} onClick={() => void set()}>
        {halted ? `Resume ${id}` : `Halt ${id}`}
      </button>
      {error.value && (
        <span class="warn" role="alert">
          {error.value}
        </span>
      )}
    </li>
  )
}

/** Which funds take orders. */
export const Halt = ({ funds }: { readonly funds: readonly string[] }) => (
  <section class="card">
    <h2>Funds</h2>
    <ul class="list">
      {funds.map(id => (
        <Fund key={id} id={id} />
      ))}
    </ul>
    {funds.length === 0 && <p class="empty">none</p>}
  </section>
)
