import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Entries } from '../../../../../streams/wire/answers/clearing.ts'
import { ABSENT, count } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { useAnswer } from '../../live/answer.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'

/** An entry of the journal: what every kind has, and whatever its own has. */
type Entry = Entries['entries'][number]

const PAGE = 500
const COMMON = new Set(['seq', 't', 'who', 'kind', 'key', 'hash', 'postings'])

const wordsOf = (entry: Entry): string =>
  Object.entries(entry)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' · ')

const COLUMNS: readonly Column<Entry>[] = [
  { key: 'seq', head: 'Entry', width: 72, heading: true, show: ({ seq }) => count(seq), order: ({ seq }) => seq, raw: ({ seq }) => seq },
  { key: 't', head: 'Time (UTC)', width: 160, align: 'left', show: ({ t }) => moment(t), raw: ({ t }) => new Date(t).toISOString() },
  { key: 'who', head: 'Who', width: 112, align: 'left', show: ({ who }) => who, order: ({ who }) => who },
  { key: 'kind', head: 'Kind', width: 96, align: 'left', show: ({ kind }) => kind, order: ({ kind }) => kind },
  { key: 'words', head: 'What', width: 320, align: 'left', show: entry => ({ text: wordsOf(entry), why: wordsOf(entry) }) },
  {
    key: 'key',
    head: 'Key',
    width: 136,
    align: 'left',
    show: ({ key }) => ({ text: key ?? ABSENT, why: key ?? 'entries of this kind have none' }),
    raw: ({ key }) => key,
  },
  {
    key: 'hash',
    head: 'Hash',
    width: 120,
    align: 'left',
    show: ({ hash }) => ({ text: hash.slice(0, 12), why: hash }),
    raw: ({ hash }) => hash,
  },
]

/** The journal, newest first. */
export const Audit = ({ upTo }: { readonly upTo: ReadonlySignal<number | undefined> }) => {
  const pages = useSignal(0)
  const entries = upTo.value
  const first = upTo.value === undefined ? undefined : Math.max(0, upTo.value - PAGE * (pages.value + 1))
  const { value, error } = useAnswer<Entries>(
    first === undefined ? undefined : `/v1/audit?after=${first}&limit=${Math.min(10_000, Math.max(1, upTo.value! - first))}`,
  )
  const shown = useSignal<readonly Entry[]>([])
  useEffect(() => {
    if (value.value) shown.value = [...value.value.entries].reverse()
  }, [value.value])
  return (
    <section class="card">
      <h2>Journal{entries !== undefined && <span class="note"> · {count(entries)} entries</span>}</h2>
      <Grid
        label="Journal"
        id="journal"
        rows={shown}
        keyOf={entry => String(entry.seq)}
        columns={COLUMNS}
        height={560}
        empty={error.value?.message ?? 'loading'}
      />
      {first !== undefined && first > 0 && pages.value < 19 && (
        <button type="button" class="tool" onClick={() => (pages.value += 1)}>
          Older entries
        </button>
      )}
    </section>
  )
}
