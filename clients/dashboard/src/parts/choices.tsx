import { choice, setQuery } from '../router.ts'

interface ChoicesProps<T extends string> {
  /** The setting's name in the address. */
  readonly name: string
  readonly label: string
  /** The first is chosen if the address says nothing. */
  readonly of: readonly T[]
  readonly text?: (value: T) => string
}

/** A row of choices, of which one holds. It is kept in the address. */
export const Choices = <T extends string>({ name, label, of, text = value => value }: ChoicesProps<T>) => {
  const now = choice(name, of)
  return (
    <fieldset class="choices">
      <legend class="hidden">{label}</legend>
      {of.map(value => (
        <label key={value} class={value === now ? 'chosen' : ''}>
          <input type="radio" name={name} checked={value === now} onChange={() => setQuery(name, value === of[0] ? undefined : value)} />
          {text(value)}
        </label>
      ))}
    </fieldset>
  )
}
