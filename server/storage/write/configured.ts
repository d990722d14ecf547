import type { ConfiguredFund } from '../../config/configuredFund.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'

/** Stores the configured facts about funds, and assets' supplies (decimal strings). The newest row of each counts. */
export const storeConfigured = async (
  { client, database }: Engine,
  funds: readonly ConfiguredFund[],
  assets: readonly { readonly ticker: string; readonly supply: string | undefined }[],
): Promise<void> => {
  const format = 'JSONEachRow'
  if (funds.length > 0) await client.insert({ table: `${quoted(database)}.configured_funds`, values: funds, format })
  if (assets.length > 0) await client.insert({ table: `${quoted(database)}.configured_assets`, values: assets, format })
}
