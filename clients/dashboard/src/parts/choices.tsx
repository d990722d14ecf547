import { choice, setQuery } from '../router.ts'

interface ChoicesProps<T extends string> {
  /** The setting's name in the address. */
  readonly name: string
  readonly label: string
  readonly of: readonly T[]
  /** It is chosen if the address says nothing; the first if left out. */
  readonly usual?: T
  readonly text?: (value: T) => string
}

/** A row of choices, of which one holds. It is kept in the address. */
export const Choices = <T extends string>({ name, label, of, usual = of[0]!, text = value => value }: ChoicesProps<T>) => {
  const now = choice(name, of, usual)
  return (
    <fieldset class="choices">
      <legend class="hidden">{label}</legend>
      {of.map(value => (
        <label key={value} class={value === now ? 'chosen' : ''}>
          <input type="radio" name={name} checked={value === now} onChange={() => setQuery(name, value === usual ? undefined : value)} />
          {text(value)}
        </label>
      ))}
    </fieldset>
  )
}
