import { z } from 'zod'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import { NAME } from '../../streams/lib/names.ts'
import { readTime } from '../../streams/pnl/transaction.ts'
import { explain } from '../../streams/wire/explain.ts'
import { SUPPLIES_PER_REQUEST_MAX } from '../../streams/wire/limits.ts'
import { SUPPLY } from '../../streams/wire/requests.ts'
import { UsageError } from '../config/options.ts'
import type { SupplyAnswer } from '../gateway/api/operations.ts'
import { type CsvHeader, csvHeader, fieldsOf, misfit } from '../lib/csv.ts'
import { fileOf } from './importTransactions.ts'
import type { RunningServer } from './server.ts'

/** 10⁻¹⁸ of each asset. */
export type Supplies = ReadonlyMap<string, bigint>

const ASSETS = z.record(z.string().regex(NAME, 'a name such as BTC'), z.strictObject({ supply: SUPPLY.optional() }), {
  error: ({ code }) => (code === 'invalid_key' ? 'a name such as BTC' : undefined),
})
const EXPECTED = 'CSV with the columns asset,supply and perhaps t, or JSON as under assets of a configuration'
/** Characters of a file of JSON. */
const JSON_BYTES_MAX = 16 * 1024 * 1024

/**
 * Reads the supplies in a file: CSV with `asset,supply`, with a `t` (ms or ISO 8601) the newest row of each asset; or JSON, the content of
 * `assets` in a configuration, the configuration itself, or the last line of `import coingecko`. `bad` is called for each row that is none.
 * Throws UsageError if the file is none of these.
 */
export const readSupplies = async (file: string, bad: (line: number, why: string) => void): Promise<Supplies> => {
  let rows: Rows | undefined
  let json: string | undefined
  for await (const { first, lines } of fileOf(file)) {
    for (const [i, text] of lines.entries()) {
      const line = text.replace(/^\uFEFF/, '')
      if (json !== undefined) json += `${line}\n`
      else if (line.trim() === '') continue
      else if (rows !== undefined) rows.take(first + i, line, bad)
      else if (/^\s*(\{|"assets"\s*:)/.test(line)) json = `${line}\n`
      else rows = new Rows(file, line)
      if (json !== undefined && json.length > JSON_BYTES_MAX)
        throw new UsageError(`${file}: found more than ${JSON_BYTES_MAX} characters, expected ${EXPECTED}`)
    }
  }
  if (json !== undefined) return ofJson(file, json)
  if (rows === undefined) throw new UsageError(`${file}: found an empty file, expected ${EXPECTED}`)
  return rows.newest
}

/** Sends supplies to a running server. Rejects with ServerError if it refuses them. */
export const sendSupplies = async (supplies: Supplies, server: RunningServer): Promise<SupplyAnswer> => {
  const sum = { accepted: 0, known: 0 }
  const all = [...supplies]
  for (let i = 0; i < all.length; i += SUPPLIES_PER_REQUEST_MAX) {
    const piece = all.slice(i, i + SUPPLIES_PER_REQUEST_MAX).map(([asset, supply]) => [asset, formatDecimal(supply)])
    const body = JSON.stringify({ supplies: Object.fromEntries(piece) })
    const { accepted, known } = await server.post<SupplyAnswer>('/v1/admin/supplies', 'application/json', body)
    sum.accepted += accepted
    sum.known += known
  }
  return sum
}

/** The rows of CSV. */
class Rows {
  readonly newest = new Map<string, bigint>()
  private readonly asset: number
  private readonly supply: number
  private readonly t: number
  private readonly times = new Map<string, number>()
  private readonly header: CsvHeader

  constructor(file: string, header: string) {
    this.header = csvHeader(header)
    const { names } = this.header
    this.asset = names.indexOf('asset')
    this.supply = names.indexOf('supply')
    this.t = names.indexOf('t')
    if (this.asset < 0 || this.supply < 0) throw new UsageError(`${file}: found "${header.slice(0, 80)}", expected ${EXPECTED}`)
  }

  take(line: number, text: string, bad: (line: number, why: string) => void): void {
    const fields = fieldsOf(text, this.header.delimiter).map(field => field.trim())
    const why = misfit({ line, fields }, this.header)
    if (why !== undefined) {
      bad(line, why)
      return
    }
    const [asset = '', supply = '', time = ''] = [fields[this.asset], fields[this.supply], fields[this.t]]
    const t = this.t < 0 ? 0 : readTime(time)
    const read = SUPPLY.safeParse(supply, { reportInput: true })
    const before = this.times.get(asset)
    if (!NAME.test(asset)) bad(line, `asset: found "${asset}", expected a name such as BTC`)
    else if (!read.success) bad(line, explain(read.error, 'supply'))
    else if (t === undefined) bad(line, `t: found "${time}", expected ms since the epoch or an ISO 8601 time`)
    else if (this.t < 0 && before !== undefined) bad(line, `asset: found "${asset}" a second time, expected each once, or a column t`)
    else if (before === undefined || t >= before) {
      this.times.set(asset, t)
      this.newest.set(asset, read.data)
    }
  }
}

/** An asset without a supply has none that is known. */
const ofJson = (file: string, text: string): Supplies => {
  let value: unknown
  try {
    value = JSON.parse(text.trimStart().startsWith('"') ? `{${text}}` : text)
  } catch {
    throw new UsageError(`${file}: found no JSON, expected ${EXPECTED}`)
  }
  const assets = 'assets' in (value as object) ? (value as { assets: unknown }).assets : value
  const read = ASSETS.safeParse(assets, { reportInput: true })
  if (!read.success) throw new UsageError(`${file}: ${explain(read.error, 'assets')}`)
  return new Map(Object.entries(read.data).flatMap(([asset, { supply }]) => (supply === undefined ? [] : [[asset, supply] as const])))
}
