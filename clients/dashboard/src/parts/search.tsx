import { useEffect, useRef } from 'preact/hooks'
import { place, setQuery } from '../router.ts'

/** A field that narrows tables down by name, and if wanted to what is watched; `/` leads to it. Both are kept in the address. */
export const Search = ({ watches }: { readonly watches?: true }) => {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const find = (event: KeyboardEvent): void => {
      if (event.key !== '/' || (event.target as Element).closest('input, textarea, select')) return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', find)
    return () => document.removeEventListener('keydown', find)
  }, [])
  const { query } = place.value
  return (
    <search class="tools">
      <input
        ref={input}
        type="search"
        aria-label="Search"
        placeholder="Search  /"
        value={query.get('search') ?? ''}
        onInput={event => setQuery('search', event.currentTarget.value)}
      />
      {watches && (
        <label class="check">
          <input
            type="checkbox"
            checked={query.get('watched') !== null}
            onChange={event => setQuery('watched', event.currentTarget.checked ? '1' : undefined)}
          />
          Watched only
        </label>
      )}
    </search>
  )
}
