import type { Logger } from 'pino'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import { suppliesAt } from '../../streams/market/datedSupplies.ts'
import { configuredFund } from '../config/fundSpecs.ts'
import { retrying } from '../lib/retrying.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { storedSymbols } from '../storage/read/storedSymbols.ts'
import { storeConfigured } from '../storage/write/configured.ts'
import type { Core } from './core.ts'

/**
 * Says to the engine, once it answers, what only configuration and journal know; retries until it takes that, or `signal` ends it. Returns
 * the symbols of which rows are stored.
 */
export const describeToStore = async (core: Core, log: Logger, signal: AbortSignal): Promise<readonly string[]> => {
  const running = await core.engine
  const described = await retrying(() => describeTo(running, core), {
    signal,
    failed: () => {},
    warn: ({ message }) => log.warn({ error: message }, 'ClickHouse does not take what the configuration says; retrying'),
  })
  return described ?? []
}

const describeTo = async (running: Engine, { plan, clearing, funds }: Core): Promise<readonly string[]> => {
  const supplies = new Map(Object.entries(plan.settings.config.assets).map(([ticker, { supply }]) => [ticker, supply]))
  for (const [ticker, supply] of suppliesAt(await clearing.ask('supplies', {}), Date.now())) supplies.set(ticker, formatDecimal(supply))
  const assets = [...supplies].map(([ticker, supply]) => ({ ticker, supply }))
  const symbols = await storedSymbols(running)
  await storeConfigured(running, funds.map(configuredFund), assets)
  return symbols
}
