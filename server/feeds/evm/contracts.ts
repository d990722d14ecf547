import { type Address, type Hex, hexToString, type PublicClient, parseAbi, trim } from 'viem'
import { NAME } from '../../../streams/lib/names.ts'
import type { PoolKind } from '../../../streams/pools/spec.ts'
import { SpecError } from '../specError.ts'

/** A pool as configured; members that are left out are not checked. */
export interface PoolParameters {
  readonly id: string
  readonly kind: PoolKind
  readonly address?: string | undefined
  readonly feePips?: number | undefined
  readonly tickSpacing?: number | undefined
  readonly token0?: TokenParameters | undefined
  readonly token1?: TokenParameters | undefined
}

interface TokenParameters {
  readonly symbol: string
  readonly decimals: number
}

const POOL = parseAbi([
  'function token0() view returns (address)',
  'function token1() view returns (address)',
  'function fee() view returns (uint24)',
  'function tickSpacing() view returns (int24)',
  'function coins(uint256) view returns (address)',
])
const TOKEN = parseAbi(['function decimals() view returns (uint8)', 'function symbol() view returns (string)'])
/** Some of the oldest tokens have their symbol so. */
const OLD_TOKEN = parseAbi(['function symbol() view returns (bytes32)'])

/**
 * Checks a pool's configuration against its contract. Throws SpecError if they differ: its figures would be
 * wrong by powers of ten. Members that the contract does not have are not checked. Rejects as the node does.
 */
export const checkPool = async (client: PublicClient, pool: PoolParameters): Promise<void> => {
  const address = pool.address as Address
  const code = await client.getCode({ address })
  if (code === undefined || code === '0x')
    throw new SpecError(`pool ${pool.id}: address`, `no contract at ${address}`, 'the address of a pool on the chain of this node')
  const read = <T>(call: Promise<T>): Promise<T | undefined> => call.catch(unlessRefused)
  const tokens = await Promise.all(
    pool.kind === 'stableswap'
      ? ([0n, 1n] as const).map(i => read(client.readContract({ address, abi: POOL, functionName: 'coins', args: [i] })))
      : (['token0', 'token1'] as const).map(functionName => read(client.readContract({ address, abi: POOL, functionName }))),
  )
  if (tokens.some(token => token === undefined))
    throw new SpecError(`pool ${pool.id}: address`, `a contract at ${address} that names no tokens`, `a pool of the kind ${pool.kind}`)
  if (pool.kind === 'uniswap-v3') {
    same(`pool ${pool.id}: feePips`, pool.feePips, await read(client.readContract({ address, abi: POOL, functionName: 'fee' })))
    const spacing = await read(client.readContract({ address, abi: POOL, functionName: 'tickSpacing' }))
    same(`pool ${pool.id}: tickSpacing`, pool.tickSpacing, spacing)
  }
  for (const i of [0, 1] as const) {
    const configured = pool[`token${i}`]
    const where = `pool ${pool.id}: token${i}`
    if (configured === undefined) continue
    const { symbol, decimals } = await tokenAt(client, tokens[i]!)
    // The configuration cannot have a symbol that is no name.
    if (symbol !== undefined && NAME.test(symbol)) same(`${where}.symbol`, configured.symbol, symbol)
    same(`${where}.decimals`, configured.decimals, decimals)
  }
}

const tokenAt = async (client: PublicClient, address: Address): Promise<{ symbol: string | undefined; decimals: number | undefined }> => {
  const decimals = await client.readContract({ address, abi: TOKEN, functionName: 'decimals' }).catch(unlessRefused)
  const symbol = await client
    .readContract({ address, abi: TOKEN, functionName: 'symbol' })
    .catch(async () => textOf(await client.readContract({ address, abi: OLD_TOKEN, functionName: 'symbol' })))
    .catch(unlessRefused)
  return { symbol, decimals }
}

const textOf = (bytes: Hex): string => hexToString(trim(bytes, { dir: 'right' }))

const same = (where: string, configured: string | number | undefined, contract: string | number | undefined): void => {
  if (configured === undefined || contract === undefined || configured === contract) return
  throw new SpecError(where, JSON.stringify(configured), `${JSON.stringify(contract)}, as the contract says`)
}

/** A contract that does not know the question answers with nothing, or reverts; anything else is the node's failure. */
const unlessRefused = (error: unknown): undefined => {
  if (UNKNOWN.has((error as { cause?: Error }).cause?.name ?? '')) return undefined
  throw error
}

const UNKNOWN = new Set(['ContractFunctionZeroDataError', 'ContractFunctionRevertedError', 'AbiDecodingDataSizeTooSmallError'])
