/** Moves the focus over the cells of a table with the arrow keys, Home and End. The table itself is one stop of the tab key. */
export const moveWithin = (event: KeyboardEvent): void => {
  const table = event.currentTarget as HTMLElement
  const target = event.target as HTMLElement
  if (target.closest('input, select, textarea')) return
  const cell = target.closest<HTMLElement>('[role=cell], [role=rowheader]')
  const to = cell ? neighbour(table, cell, event.key) : event.key.startsWith('Arrow') ? firstCell(table) : undefined
  if (!to) return
  event.preventDefault()
  to.focus({ preventScroll: false })
}

const rowsOf = (table: HTMLElement): HTMLElement[] =>
  [...table.querySelectorAll<HTMLElement>('[role=rowgroup] > [role=row]')].sort(
    (a, b) => Number(a.ariaRowIndex ?? a.getAttribute('aria-rowindex')) - Number(b.ariaRowIndex ?? b.getAttribute('aria-rowindex')),
  )

const firstCell = (table: HTMLElement): HTMLElement | undefined => rowsOf(table)[0]?.children[0] as HTMLElement | undefined

const neighbour = (table: HTMLElement, cell: HTMLElement, key: string): HTMLElement | undefined => {
  const row = cell.parentElement!
  const cells = [...row.children] as HTMLElement[]
  const column = cells.indexOf(cell)
  if (key === 'ArrowRight') return cells[column + 1]
  if (key === 'ArrowLeft') return cells[column - 1]
  if (key === 'Home') return cells[0]
  if (key === 'End') return cells.at(-1)
  const step = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : 0
  if (step === 0) return undefined
  const rows = rowsOf(table)
  return rows[rows.indexOf(row) + step]?.children[column] as HTMLElement | undefined
}
