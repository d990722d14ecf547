import { useComputed, useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { Recorded } from '../../../../../streams/wire/answers/portfolios.ts'
import { count } from '../../format/number.ts'
import { Refused, send } from '../../live/http.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'

interface Row {
  readonly row: number
  readonly what: string
  readonly why: string
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'row', head: 'Row', width: 64, heading: true, show: ({ row }) => count(row), order: ({ row }) => row, raw: ({ row }) => row },
  {
    key: 'what',
    head: 'Became',
    width: 88,
    align: 'left',
    show: ({ what }) => ({ text: what, tone: what === 'refused' ? 'warn' : 'quiet' }),
    order: ({ what }) => what,
  },
  { key: 'why', head: 'Why', width: 320, align: 'left', show: ({ why }) => ({ text: why, why }) },
]

const typeOf = (name: string): string =>
  name.endsWith('.json') ? 'application/json' : /\.(ndjson|jsonl)$/.test(name) ? 'application/x-ndjson' : 'text/csv'

/** Rows of a file into the portfolio: dropped here or chosen, with a report row by row. */
export const Import = ({ id }: { readonly id: string }) => {
  const state = useSignal<{ readonly file: string; readonly report?: Recorded; readonly error?: string } | undefined>(undefined)
  const over = useSignal(false)
  const input = useRef<HTMLInputElement>(null)
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return
    state.value = { file: file.name }
    try {
      const answer = await send(`/v1/portfolios/${encodeURIComponent(id)}/transactions?knownRows=true`, {
        method: 'POST',
        headers: { 'content-type': typeOf(file.name) },
        body: file,
      })
      state.value = { file: file.name, report: (await answer.json()) as Recorded }
    } catch (error) {
      state.value = { file: file.name, error: error instanceof Refused ? `${error.code}: ${error.message}` : String(error) }
    }
  }
  const rows = useComputed<readonly Row[]>(() => {
    const report = state.value?.report
    if (!report) return []
    const known = (report.knownRows ?? []).map(row => ({ row, what: 'known', why: 'it is there already' }))
    return [...report.refused.map(({ row, why }) => ({ row, what: 'refused', why })), ...known].sort((a, b) => a.row - b.row)
  })
  const now = state.value
  return (
    <section class="card">
      <h2>Import</h2>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button is the first */}
      <div
        class={`drop${over.value ? ' over' : ''}`}
        onDragOver={event => {
          event.preventDefault()
          over.value = true
        }}
        onDragLeave={() => (over.value = false)}
        onDrop={event => {
          event.preventDefault()
          over.value = false
          void take(event.dataTransfer?.files[0])
        }}
      >
        <p>Drop a file of transactions here (CSV with the columns of a transactions file, JSON or NDJSON), or</p>
        <button type="button" class="tool" onClick={() => input.current?.click()}>
          choose a file
        </button>
        <input
          ref={input}
          type="file"
          class="hidden"
          tabIndex={-1}
          aria-label="File of transactions"
          accept=".csv,.json,.ndjson,.jsonl"
          onChange={event => {
            void take(event.currentTarget.files?.[0])
            event.currentTarget.value = ''
          }}
        />
      </div>
      {now && (
        <p class="lead" role="status">
          {now.file}:{' '}
          {now.error ??
            (now.report
              ? `${count(now.report.accepted)} accepted, ${count(now.report.known)} known, ${count(now.report.refused.length)} refused`
              : 'sent')}
        </p>
      )}
      {rows.value.length > 0 && (
        <Grid label={`${id} import report`} id="import" rows={rows} keyOf={row => String(row.row)} columns={COLUMNS} height={308} />
      )}
    </section>
  )
}
