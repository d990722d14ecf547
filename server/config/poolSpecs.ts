import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { unreachable } from '../../streams/lib/unreachable.ts'
import type { PoolSpec, StableswapSpec, TokenSpec } from '../../streams/pools/spec.ts'
import { parseV3Snapshot, type V3Snapshot } from '../../streams/pools/uniswapV3/v3Snapshot.ts'
import { UsageError } from './options.ts'
import type { PoolConfig, PoolConfigOf } from './poolSchema.ts'
import type { Config } from './schema.ts'

/** Returns the pools of the configuration, and reads their files of ticks. Throws UsageError if one cannot be read or does not fit. */
export const poolSpecs = (config: Config, configFile = ''): PoolSpec[] =>
  config.pools.map((pool, i) => poolSpec(pool, config.quote, configFile, `${configFile}: pools.${i}`))

/** Uniswap v2 takes 0.3 % of every swap; the fee of other kinds is unknown unless the configuration says it. */
const V2_FEE_PIPS = 3000

/** The spacing of ticks that the factory of Uniswap v3 gives each fee; PancakeSwap's 0.25 % beside them. */
const SPACINGS: ReadonlyMap<number, number> = new Map([
  [100, 1],
  [500, 10],
  [2_500, 50],
  [3_000, 60],
  [10_000, 200],
])

const poolSpec = (pool: PoolConfig, quote: string, configFile: string, where: string): PoolSpec => {
  const common = {
    id: pool.id,
    quote,
    address: (pool.address ?? '').toLowerCase(),
    feePips: pool.feePips ?? Number.NaN,
    token0: tokenSpec(pool.token0),
    token1: tokenSpec(pool.token1),
  }
  switch (pool.kind) {
    case 'uniswap-v2':
      return { ...common, kind: pool.kind, feePips: pool.feePips ?? V2_FEE_PIPS }
    case 'uniswap-v3': {
      const tickSpacing = pool.tickSpacing ?? SPACINGS.get(common.feePips)
      const known = { ...common, kind: pool.kind, ...(tickSpacing !== undefined && { tickSpacing }) }
      if (pool.ticks === undefined) return known
      const start = readStart(resolve(dirname(configFile), pool.ticks), pool.tickSpacing, `${where}.ticks`)
      return { ...known, start }
    }
    case 'stableswap':
      return { ...common, kind: pool.kind, ...stableswapSpec(pool) }
    case 'orderbook':
      return { ...common, kind: pool.kind, ...(pool.symbol !== undefined && { symbol: pool.symbol }) }
    default:
      return unreachable(pool)
  }
}

/** Hundredths of a basis point become 10⁻¹⁰. Without amplification or fee the curve is unknown. */
const stableswapSpec = ({
  amplification,
  feePips,
  offpegFeeMultiplier = 1,
  balances,
}: PoolConfigOf<'stableswap'>): Pick<StableswapSpec, 'stableswap'> => {
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
