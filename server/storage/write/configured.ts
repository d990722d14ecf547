import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'

/** What only the configuration knows of a fund. Undefined is what it does not say. */
export interface ConfiguredFund {
  readonly id: string
  readonly name: string
  readonly cap: number | undefined
  readonly threshold: number | undefined
}

/** Lets the store know of funds and of assets' supplies (decimal strings); the newest of each counts. */
export const storeConfigured = async (
  { client, database }: Engine,
  funds: readonly ConfiguredFund[],
  assets: readonly { readonly ticker: string; readonly supply: string | undefined }[],
): Promise<void> => {
  const format = 'JSONEachRow'
  if (funds.length > 0) await client.insert({ table: `${quoted(database)}.configured_funds`, values: funds, format })
  if (assets.length > 0) await client.insert({ table: `${quoted(database)}.configured_assets`, values: assets, format })
}
