import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ALLOCATION, type Allocated, allocate } from '../../streams/fund/allocation.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { checked } from '../../streams/wire/explain.ts'
import { UsageError } from '../config/options.ts'
import { type Column, table } from './table.ts'

/** `allocate FILE|-`: the text to print. Throws UsageError. */
export const runAllocate = (args: readonly string[]): string => {
  const { file, json } = read(args)
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

const read = (args: readonly string[]): { file: string; json: boolean } => {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } }, allowPositionals: true })
    const [file] = positionals
    if (file !== undefined && positionals.length === 1) return { file, json: values.json ?? false }
    throw new Error(`found ${positionals.length} files, expected one, or - for the standard input`)
  } catch (error) {
    throw new UsageError(`allocate: ${(error as Error).message}`)
  }
}
