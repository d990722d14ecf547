import { dirname, resolve } from 'node:path'
import { type AssetEvent, dependsOnOrder } from '../../streams/market/assetEvent.ts'
import type { DatedSupply } from '../../streams/market/datedSupplies.ts'
import { EncodingError } from '../lib/blocks.ts'
import { textOf } from '../lib/wholeFile.ts'
import { eventsOfCsv, eventsOfList, type FactTable, NoTable, suppliesOfCsv } from './assetTables.ts'
import { UsageError } from './options.ts'
import type { Config } from './schema.ts'

/** What the configuration says of assets with a date. */
export interface ConfiguredFacts {
  readonly events: readonly AssetEvent[]
  readonly supplies: readonly DatedSupply[]
}

/** Reads events and dated supplies of the configuration. Rejects with UsageError: where, what was found, what was expected. */
export const configuredFacts = async ({ events = [], supplies, quote }: Config, configFile: string): Promise<ConfiguredFacts> => {
  const table = async <T>(file: string, where: string, read: (text: string) => FactTable<T>): Promise<T[]> => {
    const path = resolve(dirname(configFile), file)
    try {
      return allOf(read(await textOf(path)), row => `${path}:${row}`)
    } catch (error) {
      if (error instanceof NoTable || error instanceof EncodingError)
        throw new UsageError(`${configFile}: ${where}: ${path}, ${error.message}`)
      if (!(error instanceof Error && 'syscall' in error)) throw error
      throw new UsageError(
        `${configFile}: ${where}: "${path}" cannot be read (${(error as NodeJS.ErrnoException).code}), expected a CSV file`,
      )
    }
  }
  const listed =
    typeof events === 'string'
      ? await table(events, 'events', eventsOfCsv)
      : allOf(eventsOfList(events), row => `${configFile}: events.${row - 1}`)
  const ofQuote = listed.find(({ asset, to }) => asset === quote || to === quote)
  if (ofQuote)
    throw new UsageError(`${configFile}: events: found "${quote}", the currency that everything is counted in, expected another asset`)
  for (const [i, event] of listed.entries()) {
    const other = listed.slice(0, i).find(before => dependsOnOrder(before, event))
    if (other)
      throw new UsageError(
        `${configFile}: events: found ${other.asset} to ${other.to} and ${event.asset} to ${event.to} at one moment, expected a later t for the one that comes second`,
      )
  }
  const dated = supplies === undefined ? [] : await table(supplies, 'supplies', suppliesOfCsv)
  return { events: listed, supplies: dated.map(({ t = 0, asset, supply }) => ({ t, asset, supply })) }
}

const allOf = <T>({ good, bad: [first] }: FactTable<T>, where: (row: number) => string): T[] => {
  if (first !== undefined) throw new UsageError(`${where(first.row)}: ${first.why}`)
  return good.map(({ value }) => value)
}
