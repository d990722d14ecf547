import { z } from 'zod'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import { NAME } from '../../streams/lib/names.ts'
import { byTime } from '../../streams/market/datedSupplies.ts'
import { explain } from '../../streams/wire/explain.ts'
import { SUPPLIES_PER_REQUEST_MAX } from '../../streams/wire/limits.ts'
import { SUPPLY } from '../../streams/wire/requests.ts'
import { type FileSupply, NoTable, suppliesOfCsv } from '../config/assetTables.ts'
import { UsageError } from '../config/options.ts'
import type { SupplyAnswer } from '../gateway/api/assetFacts.ts'
import { EncodingError } from '../lib/blocks.ts'
import { textOf } from '../lib/wholeFile.ts'
import type { RunningServer } from './server.ts'

const ASSETS = z.record(z.string().regex(NAME, 'a name such as BTC'), z.strictObject({ supply: SUPPLY.optional() }), {
  error: ({ code }) => (code === 'invalid_key' ? 'a name such as BTC' : undefined),
})
const EXPECTED = 'CSV with the columns asset,supply and perhaps t, or JSON as under assets of a configuration'
const JSON_BEGIN = /^\s*(\{|"assets"\s*:)/

/** Returns the text of a file. Rejects with UsageError if it cannot be read. */
export const readText = async (file: string): Promise<string> => {
  try {
    return await textOf(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof EncodingError) throw new UsageError(`${file}: ${message}`)
    throw new UsageError(`${file}: ${code === undefined ? message : `found ${code}`}, expected a file that can be read`)
  }
}

/**
 * Reads the supplies in a file: CSV with `asset,supply` and perhaps `t`, from when on each counts; or JSON, the content of `assets` in a
 * configuration, the configuration itself, or the last line of `import coingecko`. `bad` is called for each row that is none.
 * Rejects with UsageError if the file is none of these.
 */
export const readSupplies = async (file: string, bad: (line: number, why: string) => void): Promise<readonly FileSupply[]> => {
  const text = await readText(file)
  if (text.trim() === '') throw new UsageError(`${file}: found an empty file, expected ${EXPECTED}`)
  if (JSON_BEGIN.test(text)) return ofJson(file, text)
  try {
    const table = suppliesOfCsv(text)
    for (const { row, why } of table.bad) bad(row, why)
    return table.good.map(({ value }) => value)
  } catch (error) {
    if (!(error instanceof NoTable)) throw error
    throw new UsageError(`${file}: ${error.message.split(', expected')[0]}, expected ${EXPECTED}`)
  }
}

/** Sends supplies to a running server. Rejects with ServerError if it refuses them. */
export const sendSupplies = async (supplies: readonly FileSupply[], server: RunningServer): Promise<SupplyAnswer> => {
  const sum = { accepted: 0, known: 0 }
  for (const [t, amounts] of byTime(supplies)) {
    const all = [...amounts]
    for (let i = 0; i < all.length; i += SUPPLIES_PER_REQUEST_MAX) {
      const piece = all.slice(i, i + SUPPLIES_PER_REQUEST_MAX).map(([asset, supply]) => [asset, formatDecimal(supply)])
      const body = JSON.stringify({ supplies: Object.fromEntries(piece), ...(t !== undefined && { t }) })
      const { accepted, known } = await server.post<SupplyAnswer>('/v1/admin/supplies', 'application/json', body)
      sum.accepted += accepted
      sum.known += known
    }
  }
  return sum
}

/** An asset without a supply has none that is known. */
const ofJson = (file: string, text: string): FileSupply[] => {
  let value: unknown
  try {
    value = JSON.parse(text.trimStart().startsWith('"') ? `{${text}}` : text)
  } catch {
    throw new UsageError(`${file}: found no JSON, expected ${EXPECTED}`)
  }
  const assets = 'assets' in (value as object) ? (value as { assets: unknown }).assets : value
  const read = ASSETS.safeParse(assets, { reportInput: true })
  if (!read.success) throw new UsageError(`${file}: ${explain(read.error, 'assets')}`)
  return Object.entries(read.data).flatMap(([asset, { supply }]) => (supply === undefined ? [] : [{ t: undefined, asset, supply }]))
}
