import { type ReadonlySignal, useComputed } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Client, Clients as ClientsPage } from '../../../../../streams/wire/answers/clearing.ts'
import { amount } from '../../format/number.ts'
import { useAnswer } from '../../live/answer.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'

const PAGE = 1_000

const owned = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .map(([name, held]) => `${amount(held)} ${name}`)
    .join(' · ')

const COLUMNS: readonly Column<Client>[] = [
  { key: 'username', head: 'Client', width: 144, align: 'left', heading: true, show: ({ username }) => username, order: c => c.username },
  {
    key: 'assets',
    head: 'Assets',
    width: 280,
    align: 'left',
    show: ({ assets }) => ({ text: owned(assets) || 'none', why: owned(assets), tone: owned(assets) ? undefined : 'quiet' }),
    raw: ({ assets }) => owned(assets),
  },
  {
    key: 'shares',
    head: 'Shares',
    width: 200,
    align: 'left',
    show: ({ shares }) => ({ text: owned(shares) || 'none', why: owned(shares), tone: owned(shares) ? undefined : 'quiet' }),
    raw: ({ shares }) => owned(shares),
  },
]

/** The clients that the page knows. */
export interface KnownClients {
  readonly rows: ReadonlySignal<readonly Client[]>
  readonly error: string | undefined
  readonly more: boolean
}

/** Asks who there is, and again with each change of the journal. */
export const useClients = (entries: number | undefined): KnownClients => {
  const { value, error, again } = useAnswer<ClientsPage>(`/v1/admin/clients?limit=${PAGE}`)
  useEffect(again, [entries])
  const rows = useComputed<readonly Client[]>(() => value.value?.clients ?? [])
  return { rows, error: error.value?.message ?? (value.value ? undefined : 'loading'), more: value.value?.next !== undefined }
}

/** Who there is, and what they own. */
export const Clients = ({ rows, error, more }: KnownClients) => (
  <section class="card">
    <h2>Clients{more && <span class="note"> · the first {amount(String(PAGE))} by name</span>}</h2>
    <Grid
      label="Clients"
      id="clients"
      rows={rows}
      keyOf={({ username }) => username}
      columns={COLUMNS}
      height={280}
      empty={error ?? 'nobody has registered yet'}
    />
  </section>
)
