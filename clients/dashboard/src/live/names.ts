import { signal } from '@preact/signals'
import { line, wire } from './line.ts'

/** The names that can be had, by kind of channel. */
export interface Names {
  readonly funds: readonly string[]
  readonly portfolios: readonly string[]
  readonly pools: readonly string[]
  readonly symbols: readonly string[]
  /** Assets that were scored, or could not be. */
  readonly scored: readonly string[]
  /** Assets of which metrics are known. */
  readonly measured: readonly string[]
  /** Names without a kind: `status`, `alerts`. */
  readonly others: readonly string[]
}

/** What there is; undefined until the server has answered. */
export const names = signal<Names | undefined>(undefined)

const LOOK_MS = 10_000
const KINDS = { funds: 'fund:', portfolios: 'pnl:', pools: 'pool:', symbols: 'tick:', scored: 'score:', measured: 'metrics:' } as const
const LISTS = [...(Object.keys(KINDS) as (keyof typeof KINDS)[]), 'others'] as const

const same = (a: readonly string[] | undefined, b: readonly string[]): boolean =>
  a?.length === b.length && a.every((name, i) => name === b[i])

/** Asks what there is. Symbols may come later, so it is asked again from time to time. */
const look = async (): Promise<void> => {
  const all = await wire.request('channels')
  const lists = Object.entries(KINDS).map(([key, prefix]) => [
    key,
    all.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length)),
  ])
  const found = { ...Object.fromEntries(lists), others: all.filter(name => !name.includes(':')) } as Names
  const before = names.peek()
  if (!before || LISTS.some(key => !same(before[key], found[key]))) names.value = found
}

const lookQuietly = (): void => void look().catch(() => {})
line.subscribe(({ state }) => {
  if (state === 'live') lookQuietly()
})
setInterval(() => {
  if (line.peek().state === 'live') lookQuietly()
}, LOOK_MS)
