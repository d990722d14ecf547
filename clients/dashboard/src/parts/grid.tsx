import { computed, effect, type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { ABSENT } from '../format/number.ts'
import { type Shown, shownOf, useChannel, useChannels } from '../live/channels.ts'
import type { Marked } from '../live/states.ts'
import { place, setQuery } from '../router.ts'
import { CellText } from './cellText.ts'
import { type Column, nextSort, type Sort, sorted, sortOf, sortText } from './columns.ts'
import { CsvButton } from './csvButton.tsx'
import { absence, type Text } from './figure.tsx'
import { moveWithin } from './keys.ts'
import { slotsOf, windowOf } from './windowing.ts'

const ROW = 28

/** Properties of a table. */
export interface GridProps<Row, State> {
  /** The table's name; also that of its file. */
  readonly label: string
  /** Its name in the address, where its sorting is kept. */
  readonly id: string
  readonly rows: ReadonlySignal<readonly Row[]>
  readonly keyOf: (row: Row) => string
  readonly columns: readonly Column<Row, State>[]
  /** How it is sorted if nobody has chosen; as the rows come, if left out. */
  readonly usual?: Sort
  /** The channel of a row's state; a table without it does not move by itself. */
  readonly channelOf?: (row: Row) => string
  /** The most px that the rows take; more rows are scrolled. */
  readonly height?: number
  /** Whether it offers a file; a chart does so itself. */
  readonly file?: false
  /** The text of a table without rows. */
  readonly empty?: string
}

/** How wide a cell is. A row of flexible boxes is put in order faster than a grid. */
const sizeOf = ({ width, fixed }: { readonly width: number; readonly fixed?: true }): { readonly flex: string } => ({
  flex: `${fixed ? 0 : width} 0 ${width}px`,
})

const textOf = <Row, State>(column: Column<Row, State>, row: Row, shown: Shown<State> | undefined, live: boolean): Text => {
  const given = column.show(row, shown?.state)
  const text = typeof given === 'string' ? { text: given } : given
  if (text.text !== ABSENT || text.why) return text
  return live ? { ...text, why: absence(shown as Shown<Marked> | undefined) } : text
}

interface LineProps<Row, State> {
  readonly grid: GridProps<Row, State>
  readonly row: Row
  readonly index: number
}

/** A row. Its cells are made once; their texts are written by one effect, without a look at the tree of components. */
const Line = <Row, State>({ grid, row, index }: LineProps<Row, State>) => {
  const { columns } = grid
  const channel = grid.channelOf?.(row)
  const shown = useChannel(channel) as ReadonlySignal<Shown<State> | undefined>
  const line = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const cells = columns.flatMap((column, i) =>
      column.part ? [] : [{ column, text: new CellText(line.current!.children[i] as HTMLElement, column) }],
    )
    return effect(() => {
      const now = shown.value
      const stale = (now?.state as Marked | undefined)?.stale === true
      for (const { column, text } of cells) text.write(textOf(column, row, now, channel !== undefined), stale && !column.heading)
    })
  }, [columns, row, shown, channel])
  return (
    <div ref={line} role="row" class="row" aria-rowindex={index + 2} style={{ top: `${index * ROW}px` }}>
      {columns.map(column =>
        column.part ? (
          <div key={column.key} role="cell" class={`cell part ${column.align ?? 'right'}`} style={sizeOf(column)} tabIndex={-1}>
            {column.part(row, shown)}
          </div>
        ) : (
          <div
            key={column.key}
            role={column.heading ? 'rowheader' : 'cell'}
            style={sizeOf(column)}
            tabIndex={-1}
            data-fig={column.head}
            data-ch={channel}
          />
        ),
      )}
    </div>
  )
}

/** Returns how somebody has sorted a table. */
const chosenIn = (id: string): Sort | undefined => sortOf(place.value.query.get(`${id}.sort`))

const Heads = <Row, State>({ grid, sort, least }: { grid: GridProps<Row, State>; sort: Sort | undefined; least: number }) => (
  <div role="row" class="row heads" aria-rowindex={1} style={{ minWidth: `${least}px` }}>
    {grid.columns.map(column => (
      <div
        key={column.key}
        role="columnheader"
        class={`cell ${column.align ?? 'right'}${column.heading ? ' heading' : ''}`}
        style={sizeOf(column)}
        aria-sort={column.order ? (sort?.key === column.key ? (sort.down ? 'descending' : 'ascending') : 'none') : undefined}
      >
        {column.order ? (
          <button type="button" onClick={() => setQuery(`${grid.id}.sort`, sortText(nextSort(chosenIn(grid.id), column.key)))}>
            {column.head}
            <span aria-hidden="true" class="sort">
              {sort?.key === column.key ? (sort.down ? '↓' : '↑') : ''}
            </span>
          </button>
        ) : (
          <span class={column.headHidden ? 'hidden' : ''}>{column.head}</span>
        )}
      </div>
    ))}
  </div>
)

const stateOf = <Row, State>({ channelOf }: GridProps<Row, State>, row: Row): State | undefined =>
  channelOf && (shownOf(channelOf(row))?.state as State | undefined)

/** Returns rows in their order. A live table that is sorted by a figure follows all its rows, slowly, and is put in order once a second. */
const useSorted = <Row, State>(grid: GridProps<Row, State>, sort: ReadonlySignal<Sort | undefined>): ReadonlySignal<readonly Row[]> => {
  const { rows, channelOf, columns } = grid
  const beat = useSignal(0)
  const order = useMemo(() => {
    let before: readonly Row[] = []
    return computed(() => {
      beat.value
      const next = sorted(rows.value, columns, sort.value, row => stateOf(grid, row))
      if (next.length !== before.length || next.some((row, i) => row !== before[i])) before = next
      return before
    })
  }, [rows, columns, channelOf, sort, beat])
  const moving = channelOf !== undefined && sort.value !== undefined && columns.some(c => c.key === sort.value?.key && !c.heading)
  useEffect(() => {
    if (!moving) return
    const timer = setInterval(() => {
      beat.value += 1
    }, 1_000)
    return () => clearInterval(timer)
  }, [moving, beat])
  useChannels(moving ? rows.value.map(channelOf) : NONE)
  return order
}

const NONE: readonly string[] = []

/** A table of rows of one height, of which only those on the screen are in the document, and only those follow their channels. */
export const Grid = <Row, State = undefined>(grid: GridProps<Row, State>) => {
  const { columns, keyOf, label, id } = grid
  const port = useRef<HTMLDivElement>(null)
  const view = useSignal({ top: 0, height: grid.height ?? 2_000 })
  const sort = useComputed(() => chosenIn(id) ?? grid.usual)
  const rows = useSorted(grid, sort)
  const least = columns.reduce((sum, { width }) => sum + width, 0)
  useLayoutEffect(() => {
    const box = port.current!
    const look = (): void => {
      const { scrollTop: top, clientHeight: height } = box
      if (top !== view.peek().top || height !== view.peek().height) view.value = { top, height }
    }
    const seen = new ResizeObserver(look)
    seen.observe(box)
    box.addEventListener('scroll', look, { passive: true })
    return () => {
      seen.disconnect()
      box.removeEventListener('scroll', look)
    }
  }, [])
  const list = rows.value
  const slots = slotsOf(windowOf(list.length, ROW, view.value.top, view.value.height))
  return (
    <div class="grid">
      {grid.file !== false && <CsvButton label={label} columns={columns} rows={() => list} stateOf={row => stateOf(grid, row)} />}
      <div
        role="table"
        aria-label={label}
        aria-rowcount={list.length + 1}
        class="port"
        ref={port}
        tabIndex={0}
        onKeyDown={moveWithin}
        style={{ maxHeight: `${(grid.height ?? 100_000) + ROW}px` }}
      >
        <Heads grid={grid} sort={sort.value} least={least} />
        <div role="rowgroup" class="rows" style={{ height: `${list.length * ROW}px`, minWidth: `${least}px` }}>
          {slots.map((index, slot) => (
            <Line key={`${slot} ${keyOf(list[index]!)}`} grid={grid} row={list[index]!} index={index} />
          ))}
        </div>
      </div>
      {list.length === 0 && <p class="empty">{grid.empty ?? 'none'}</p>}
    </div>
  )
}
