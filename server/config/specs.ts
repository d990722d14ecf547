import { createReadStream, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Logger } from 'pino'
import type { FundSpec, RebalanceRules, Weighting } from '../../streams/fund/spec.ts'
import { csvFields } from '../../streams/lib/csv.ts'
import { parseDecimal, toNumber } from '../../streams/lib/decimal.ts'
import { unreachable } from '../../streams/lib/unreachable.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolio.ts'
import { BadRow, type Transaction, transactionReader } from '../../streams/pnl/transaction.ts'
import type { PoolSpec, StableswapSpec, TokenSpec } from '../../streams/pools/spec.ts'
import { parseV3Snapshot, type V3Snapshot } from '../../streams/pools/uniswapV3/v3Snapshot.ts'
import type { ConfiguredFund } from './configuredFund.ts'
import { UsageError } from './options.ts'
import { type Config, concentrationOf, type FundConfig, type PoolConfig } from './schema.ts'

/** The configuration as the streams want it: amounts parsed, files read, defaults that depend on other members filled in. */

export const fundSpecs = (config: Config): FundSpec[] => config.funds.map(fund => fundSpec(fund, config))

export const fundSpec = (fund: FundConfig, { quote, assets, exchange }: Config): FundSpec => {
  const { weighting, rebalance } = fund
  const chosen = weighting.scheme === 'market-cap' ? weighting.assets : undefined
  return {
    id: fund.id,
    name: fund.name ?? fund.id,
    quote,
    weighting: weightingOf(weighting, Object.keys(assets)),
    supplies: new Map(
      Object.entries(assets).flatMap(([asset, { supply }]) =>
        supply === undefined || chosen?.includes(asset) === false ? [] : [[asset, toNumber(parseDecimal(supply)!)] as const],
      ),
    ),
    initialPrice: parseDecimal(fund.initialPrice)!,
    initialShares: parseDecimal(fund.initialShares)!,
    inceptionTimeoutMs: fund.inceptionTimeoutMs,
    targets: fund.targets,
    rebalance: rebalanceRules(rebalance, exchange.feeBps),
    createFeeBps: fund.createFeeBps,
    redeemFeeBps: fund.redeemFeeBps,
    market: fund.market,
  }
}

/** What the store is told of a fund. */
export const configuredFund = ({ id, name, weighting, rebalance: { assetThreshold } }: FundSpec): ConfiguredFund => ({
  id,
  name,
  cap: 'cap' in weighting ? weighting.cap : undefined,
  threshold: Number.isFinite(assetThreshold) ? assetThreshold : undefined,
})

const rebalanceRules = (
  { mode, feeBps, minTrade, maxTrade, lots, ...rebalance }: FundConfig['rebalance'],
  exchangeBps: number,
): RebalanceRules => {
  const unless = (threshold: number | undefined): number => (mode === 'off' ? undefined : threshold) ?? Number.POSITIVE_INFINITY
  return {
    mode,
    assetThreshold: unless(rebalance.assetThreshold),
    relativeThreshold: unless(rebalance.relativeThreshold),
    totalThreshold: unless(rebalance.totalThreshold),
    maxIntervalMs: unless(rebalance.maxIntervalMs),
    coolOffMs: rebalance.coolOffMs,
    trades: {
      feeBps: Math.max(feeBps, exchangeBps),
      minTrade: parseDecimal(minTrade)!,
      lots: new Map(Object.entries(lots).map(([asset, lot]) => [asset, parseDecimal(lot)!])),
      ...(maxTrade !== undefined && { maxTrade: parseDecimal(maxTrade)! }),
    },
  }
}

const weightingOf = (weighting: FundConfig['weighting'], allAssets: readonly string[]): Weighting => {
  switch (weighting.scheme) {
    case 'market-cap':
      return {
        scheme: 'market-cap',
        count: weighting.count,
        cap: weighting.cap,
        ...(weighting.rules !== undefined && { rules: concentrationOf(weighting.rules) }),
      }
    case 'equal':
      return { scheme: 'equal', assets: weighting.assets ?? allAssets, cap: weighting.cap }
    case 'fixed':
      return { scheme: 'fixed', weights: new Map(Object.entries(weighting.weights)), cap: weighting.cap }
    case 'units':
      return { scheme: 'units', units: new Map(Object.entries(weighting.units).map(([asset, units]) => [asset, parseDecimal(units)!])) }
  }
}

/** Returns the pools of the configuration, and reads their files of ticks. Throws UsageError if one cannot be read or does not fit. */
export const poolSpecs = (config: Config, configFile = ''): PoolSpec[] =>
  config.pools.map((pool, i) => poolSpec(pool, config.quote, configFile, `${configFile}: pools.${i}`))

/** Uniswap v2 takes 0.3 % of every swap; the fee of other kinds is unknown unless the configuration says it. */
const V2_FEE_PIPS = 3000

const poolSpec = (pool: PoolConfig, quote: string, configFile: string, where: string): PoolSpec => {
  const common = {
    id: pool.id,
    quote,
    address: (pool.address ?? '').toLowerCase(),
    feePips: pool.feePips ?? Number.NaN,
    token0: tokenSpec(pool.token0),
    token1: tokenSpec(pool.token1),
  }
  if (pool.ticks !== undefined && pool.kind !== 'uniswap-v3')
    throw new UsageError(`${where}.ticks: found a file of ticks, expected none, because a pool of kind ${pool.kind} has no ticks`)
  switch (pool.kind) {
    case 'uniswap-v2':
      return { ...common, kind: pool.kind, feePips: pool.feePips ?? V2_FEE_PIPS }
    case 'uniswap-v3': {
      if (pool.ticks === undefined) return { ...common, kind: pool.kind }
      const start = readStart(resolve(dirname(configFile), pool.ticks), pool.tickSpacing, `${where}.ticks`)
      return { ...common, kind: pool.kind, start }
    }
    case 'stableswap':
      return { ...common, kind: pool.kind, ...stableswapSpec(pool) }
    case 'orderbook':
      return { ...common, kind: pool.kind, ...(pool.symbol !== undefined && { symbol: pool.symbol }) }
    default:
      return unreachable(pool.kind)
  }
}

/** Hundredths of a basis point become 10⁻¹⁰. Without amplification or fee the curve is unknown. */
const stableswapSpec = ({ amplification, feePips, offpegFeeMultiplier = 1, balances }: PoolConfig): Pick<StableswapSpec, 'stableswap'> => {
  if (amplification === undefined || feePips === undefined) return {}
  const curve = {
    amplification: BigInt(Math.round(amplification * 100)),
    fee: BigInt(feePips) * 10_000n,
    offpegMultiplier: BigInt(Math.round(offpegFeeMultiplier * 1e10)),
  }
  if (balances === undefined) return { stableswap: curve }
  return { stableswap: { ...curve, start: { block: balances.block, balances: [BigInt(balances['0']), BigInt(balances['1'])] } } }
}

const readStart = (file: string, tickSpacing: number | undefined, where: string): V3Snapshot => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${where}: "${file}" cannot be read (${(error as NodeJS.ErrnoException).code}), expected a file of ticks`)
  }
  try {
    return parseV3Snapshot(text, tickSpacing)
  } catch (error) {
    throw new UsageError(`${where}: ${file}, ${(error as Error).message}`)
  }
}

const tokenSpec = (token: PoolConfig['token0']): TokenSpec | undefined =>
  token && { symbol: token.symbol, decimals: token.decimals, asset: token.asset ?? token.symbol }

/** Reads the transactions of every portfolio. A bad row is logged with its number and left out; a file that is not there ends the start. */
export const portfolioSpecs = async (config: Config, configFile: string, log: Logger): Promise<PortfolioSpec[]> =>
  Promise.all(
    config.portfolios.map(async ({ id, method, feesInCost, transactions }, i) => ({
      id,
      quote: config.quote,
      method,
      feesInCost,
      transactions:
        transactions === undefined
          ? []
          : await readTransactions(resolve(dirname(configFile), transactions), `${configFile}: portfolios.${i}.transactions`, log),
    })),
  )

/** Bad rows beyond so many are counted, not logged. */
const LOGGED_ROWS = 20

const readTransactions = async (file: string, where: string, log: Logger): Promise<Transaction[]> => {
  const transactions: Transaction[] = []
  const ids = new Set<string>()
  let read: ((fields: readonly string[]) => Transaction) | undefined
  let line = 0
  let bad = 0
  try {
    for await (const text of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1
      if (text.trim() === '') continue
      try {
        if (read === undefined) {
          read = transactionReader(csvFields(text.replace(/^\uFEFF/, '')))
          continue
        }
        const transaction = read(csvFields(text))
        if (transaction.id !== '' && ids.has(transaction.id))
          throw new BadRow(`id: found "${transaction.id}" a second time, expected each id once`)
        ids.add(transaction.id)
        transactions.push(transaction)
      } catch (error) {
        if (!(error instanceof BadRow)) throw error
        if (read === undefined) throw new UsageError(`${where}: ${file}, ${error.message}`)
        bad += 1
        if (bad <= LOGGED_ROWS) log.warn({ file, line, why: error.message }, 'a row of the transactions is left out')
      }
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(
      `${where}: "${file}" cannot be read (${(error as NodeJS.ErrnoException).code}), expected a CSV file of transactions`,
    )
  }
  if (bad > LOGGED_ROWS) log.warn({ file, bad }, 'more rows of the transactions are left out')
  // Sorting is stable: rows of one time stay in the file's order.
  return transactions.sort((a, b) => a.t - b.t)
}

/** What a fund or portfolio holds or prices, so that missing prices can be told at the start. */
export const wantedSymbols = (
  funds: readonly FundSpec[],
  portfolios: readonly PortfolioSpec[],
  pools: readonly PoolSpec[],
  quote: string,
): Set<string> => {
  const assets = new Set<string>()
  for (const { weighting, supplies } of funds) {
    if (weighting.scheme === 'market-cap') for (const asset of supplies.keys()) assets.add(asset)
    else if (weighting.scheme === 'equal') for (const asset of weighting.assets) assets.add(asset)
    else for (const asset of (weighting.scheme === 'fixed' ? weighting.weights : weighting.units).keys()) assets.add(asset)
  }
  for (const { transactions } of portfolios) for (const { asset } of transactions) assets.add(asset)
  for (const { token0, token1 } of pools) for (const token of [token0, token1]) if (token) assets.add(token.asset)
  assets.delete(quote)
  return new Set([...assets].map(asset => `${asset}-${quote}`))
}
