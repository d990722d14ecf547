import { type ReadonlySignal, useSignal } from '@preact/signals'
import type { Order } from '../../../driftwire-client/src/index.ts'
import { amount } from '../format/number.ts'
import { type RequestError, wire } from '../live/line.ts'

interface TransferProps {
  readonly held: ReadonlySignal<readonly { readonly name: string; readonly kind: string; readonly amount: string }[]>
}

/** Assets or shares to another client. */
export const Transfer = ({ held }: TransferProps) => {
  const done = useSignal<Order | RequestError | 'sent' | undefined>(undefined)
  const send = async (form: HTMLFormElement): Promise<void> => {
    const read = (name: string): string => String(new FormData(form).get(name) ?? '').trim()
    const [kind, name] = read('what').split(' ') as [string, string]
    done.value = 'sent'
    try {
      done.value = await wire.orders.transfer({
        to: read('to'),
        amount: read('amount'),
        ...(kind === 'shares' ? { fund: name } : { asset: name }),
      })
      form.reset()
    } catch (error) {
      done.value = error as RequestError
    }
  }
  const now = done.value
  return (
    <section class="card">
      <h2>Transfer</h2>
      <form
        class="fields"
        onSubmit={event => {
          event.preventDefault()
          void send(event.currentTarget)
        }}
      >
        <label class="field">
          What
          <select name="what" required>
            {held.value.map(({ name, kind }) => (
              <option key={`${kind} ${name}`} value={`${kind} ${name}`}>
                {name} ({kind})
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          Amount
          <input name="amount" inputMode="decimal" required autocomplete="off" pattern="\d+(\.\d{1,18})?" />
        </label>
        <label class="field">
          To
          <input name="to" required autocomplete="off" placeholder="name of a client" />
        </label>
        <button type="submit" class="primary" disabled={now === 'sent' || held.value.length === 0}>
          Transfer
        </button>
      </form>
      {typeof now === 'object' && (
        <p class={'status' in now ? 'lead' : 'refusal'} role="status">
          {'status' in now
            ? `${now.status}${now.code ? ` (${now.code})` : ''}: ${amount(now.amount)} ${now.fund ?? now.asset ?? ''} to ${now.to}, entry ${now.seq}`
            : `Refused: ${now.code}. ${now.message}`}
        </p>
      )}
    </section>
  )
}
