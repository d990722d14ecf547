import type { AssetFacts, Snapshot } from '../../streams/analytics/features/snapshot.ts'
import { UsageError } from '../config/options.ts'
import { CsvReader, csvHeader, linesOf, misfit } from '../lib/csv.ts'
import { textOf } from '../lib/wholeFile.ts'

/** Columns of the file; a cell that is empty is not known. */
const COLUMNS = {
  rank: 'rank',
  marketCap: 'market_cap_usd',
  price: 'price_usd',
  supply: 'circulating_supply',
  volume: 'volume_24h_usd',
  change1d: 'pct_24h',
  change7d: 'pct_7d',
} as const satisfies Partial<Record<keyof AssetFacts, string>>
const NAMED = ['snapshot_date', 'symbol', 'name', 'market_cap_usd', 'price_usd']

/** Returns the snapshots of a CSV file, packed or not, in the order of time. Rejects with a UsageError: `FILE line N: found X, expected Y`. */
export const readSnapshots = async (file: string): Promise<Snapshot[]> => {
  try {
    return snapshotsIn(await textOf(file), file)
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${file}: ${(error as Error).message}`)
  }
}

/** Returns the snapshots of a text of CSV. Throws a UsageError that names `file`. */
export const snapshotsIn = (text: string, file: string): Snapshot[] => {
  const lines = linesOf(text)
  const header = csvHeader(lines[0] ?? '')
  const lacks = NAMED.find(name => !header.names.includes(name))
  if (lacks !== undefined) throw new UsageError(`${file} line 1: found no column ${lacks}, expected ${NAMED.join(', ')}`)
  const reader = new CsvReader(header.delimiter)
  const byTime = new Map<number, Map<string, AssetFacts>>()
  for (const row of [...reader.read(2, lines.slice(1)), ...reader.end()]) {
    const where = `${file} line ${row.line}`
    const fault = misfit(row, header)
    if (fault !== undefined) throw new UsageError(`${where}: ${fault}`)
    const cell = (name: string): string => row.fields[header.names.indexOf(name)]?.trim() ?? ''
    const t = dayOf(cell('snapshot_date'), where)
    const assets = byTime.get(t) ?? new Map<string, AssetFacts>()
    const name = cell('name')
    if (name === '' || assets.has(name))
      throw new UsageError(`${where}: found ${name === '' ? 'no name' : `"${name}" again`}, expected each asset once a day`)
    assets.set(name, { name, symbol: cell('symbol'), ...figuresOf(cell, where) })
    byTime.set(t, assets)
  }
  if (byTime.size === 0) throw new UsageError(`${file}: found no rows, expected snapshots`)
  return [...byTime].sort(([a], [b]) => a - b).map(([t, assets]) => ({ t, assets: [...assets.values()] }))
}

const dayOf = (text: string, where: string): number => {
  const t = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(t)) throw new UsageError(`${where}, snapshot_date: found "${text}", expected a day such as 2024-01-01`)
  return t
}

const figuresOf = (cell: (name: string) => string, where: string): Record<keyof typeof COLUMNS, number> => {
  const figure = (name: string): number => {
    const text = cell(name)
    if (text === '') return Number.NaN
    const value = Number(text)
    const wanted = name.startsWith('pct_') ? 'a number' : 'a number, not below zero'
    if (!Number.isFinite(value) || (value < 0 && !name.startsWith('pct_')))
      throw new UsageError(`${where}, ${name}: found "${text}", expected ${wanted}`)
    return value
  }
  return {
    rank: figure(COLUMNS.rank),
    marketCap: figure(COLUMNS.marketCap),
    price: figure(COLUMNS.price),
    supply: figure(COLUMNS.supply),
    volume: figure(COLUMNS.volume),
    change1d: figure(COLUMNS.change1d),
    change7d: figure(COLUMNS.change7d),
  }
}
