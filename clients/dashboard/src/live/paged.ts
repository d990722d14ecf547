import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { useAnswer } from './answer.ts'
import { get, type Refused } from './http.ts'

/** A page of a list that goes on. */
interface PageOf<Row> {
  readonly rows: readonly Row[]
  /** Goes back as `cursor`; absent of the last page. */
  readonly next?: string | undefined
}

/** A list of which some pages are loaded. */
export interface Paged<Row> {
  /** Undefined until the first page is there. */
  readonly rows: ReadonlySignal<readonly Row[] | undefined>
  /** Why something is missing. */
  readonly error: ReadonlySignal<Refused | undefined>
  /** Loads one more page; undefined if there is none, or one is on its way. */
  readonly more: ReadonlySignal<(() => void) | undefined>
}

/** Asks a route for pages: the first at once and whenever `path` or `version` changes, the others when they are wanted. */
export const usePaged = <Answer, Row>(path: string, read: (answer: Answer) => PageOf<Row>, version = ''): Paged<Row> => {
  const first = useAnswer<Answer>(path)
  const older = useSignal<readonly PageOf<Row>[]>([])
  const waits = useSignal(false)
  const failed = useSignal<Refused | undefined>(undefined)
  const shownVersion = useRef(version)
  useEffect(() => {
    if (shownVersion.current === version) return
    shownVersion.current = version
    first.again()
  }, [version])
  useEffect(() => {
    older.value = []
    failed.value = undefined
  }, [first.value.value])
  const pages = useComputed(() => (first.value.value === undefined ? [] : [read(first.value.value), ...older.value]))
  const load = (next: string): void => {
    const of = first.value.peek()
    waits.value = true
    get<Answer>(`${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next)}`)
      .then(
        answer => {
          // The list may have begun again meanwhile.
          if (first.value.peek() === of) older.value = [...older.peek(), read(answer)]
        },
        (reason: Refused) => {
          failed.value = reason
        },
      )
      .finally(() => {
        waits.value = false
      })
  }
  return {
    rows: useComputed(() => (pages.value.length === 0 ? undefined : pages.value.flatMap(({ rows }) => rows))),
    error: useComputed(() => first.error.value ?? failed.value),
    more: useComputed(() => {
      const next = pages.value.at(-1)?.next
      return next === undefined || waits.value ? undefined : () => load(next)
    }),
  }
}
