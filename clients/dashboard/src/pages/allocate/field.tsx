import { setQuery } from '../../router.ts'

/** A number that is kept in the address. */
export const Field = ({ name, label, value }: { readonly name: string; readonly label: string; readonly value: string }) => (
  <label class="field">
    {label}
    <input inputMode="decimal" autocomplete="off" value={value} onInput={event => setQuery(name, event.currentTarget.value)} />
  </label>
)
