import { readFileSync } from 'node:fs'
import { ALLOCATION, allocate } from '../../streams/fund/allocation.ts'
import type { Allocated } from '../../streams/wire/answers/funds.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { checked } from '../../streams/wire/explain.ts'
import { UsageError } from '../config/options.ts'
import { type Column, table } from '../lib/textTable.ts'

/** Returns what `allocate FILE|-` prints: a table, or JSON. Throws UsageError. */
export const runAllocate = (file: string, json: boolean): string => {
  const name = file === '-' ? 'stdin' : file
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}, expected JSON {assets:[{symbol,market_cap,price}],cap,capital}`)
  }
  try {
    const assets = allocate(checked(ALLOCATION, content, name), name)
    return json ? JSON.stringify({ assets }) : table(assets, COLUMNS)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw new UsageError(error.message)
  }
}

const COLUMNS: readonly Column<Allocated>[] = [
  { head: 'symbol', cell: ({ symbol }) => symbol, left: true },
  { head: 'weight %', cell: ({ weight }) => (weight * 100).toFixed(4) },
  { head: 'value', cell: ({ value }) => value.toFixed(2) },
  { head: 'amount', cell: ({ amount }) => amount.toPrecision(12) },
]
