import { type ReadonlySignal, useSignal } from '@preact/signals'
import type { Client, Funded } from '../../../../../streams/wire/answers/clearing.ts'
import { amount } from '../../format/number.ts'
import { post, Refused } from '../../live/http.ts'

const newKey = (): string =>
  `operator-${Array.from(crypto.getRandomValues(new Uint8Array(8)), b => b.toString(16).padStart(2, '0')).join('')}`

/** The custodian's word that an asset came or went. The key stays the same until it is answered, so a second press books nothing twice. */
export const Funding = ({ clients }: { readonly clients: ReadonlySignal<readonly Client[]> }) => {
  const done = useSignal<Funded | string | undefined>(undefined)
  const busy = useSignal(false)
  const key = useSignal(newKey())
  const send = async (form: HTMLFormElement): Promise<void> => {
    const read = (name: string): string => String(new FormData(form).get(name) ?? '').trim()
    busy.value = true
    try {
      done.value = await post<Funded>(`/v1/admin/${read('kind')}`, {
        username: read('username'),
        asset: read('asset'),
        amount: read('amount'),
        key: key.value,
      })
      key.value = newKey()
    } catch (error) {
      done.value = error instanceof Refused ? `${error.code}: ${error.message}` : String(error)
      // What was written down as rejected has used its key up.
      if (error instanceof Refused && error.status < 500 && error.status !== 429) key.value = newKey()
    } finally {
      busy.value = false
    }
  }
  const now = done.value
  return (
    <section class="card">
      <h2>Deposits and withdrawals</h2>
      <form
        class="fields"
        onSubmit={event => {
          event.preventDefault()
          void send(event.currentTarget)
        }}
      >
        <label class="field">
          Kind
          <select name="kind">
            <option value="deposits">deposit</option>
            <option value="withdrawals">withdrawal</option>
          </select>
        </label>
        <label class="field">
          Client
          <input name="username" list="clients-known" required autocomplete="off" autocapitalize="off" spellcheck={false} />
        </label>
        <datalist id="clients-known">
          {clients.value.map(({ username }) => (
            <option key={username} value={username} />
          ))}
        </datalist>
        <label class="field">
          Asset
          <input name="asset" required autocomplete="off" spellcheck={false} />
        </label>
        <label class="field">
          Amount
          <input name="amount" required inputMode="decimal" autocomplete="off" pattern="\d+(\.\d{1,18})?" />
        </label>
        <button type="submit" class="primary" disabled={busy.value}>
          Book
        </button>
      </form>
      {now !== undefined && (
        <p class={typeof now === 'string' ? 'refusal' : 'lead'} role="status">
          {typeof now === 'string'
            ? `Refused: ${now}`
            : `${now.status}: ${now.side} of ${amount(now.amount)} ${now.asset} for ${now.username}, entry ${now.seq}`}
        </p>
      )}
    </section>
  )
}
