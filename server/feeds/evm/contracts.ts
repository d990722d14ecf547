import { type Address, type Hex, hexToString, type PublicClient, parseAbi, trim } from 'viem'
import { NAME } from '../../../streams/lib/names.ts'
import type { ContractTokens, NamedToken } from '../../../streams/pools/chainLog.ts'
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
  'function stable() view returns (bool)',
])
const TOKEN = parseAbi(['function decimals() view returns (uint8)', 'function symbol() view returns (string)'])
/** Some of the oldest tokens have their symbol so. */
const OLD_TOKEN = parseAbi(['function symbol() view returns (bytes32)'])

/**
 * Checks a pool's configuration against its contract. Returns its tokens as the contract names them, if the configuration has neither. Throws SpecError if they differ: its figures would be
 * wrong by powers of ten. Members that the contract does not have are not checked. Rejects as the node does.
 */
export const checkPool = async (client: PublicClient, pool: PoolParameters): Promise<ContractTokens | undefined> => {
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
  if (pool.kind === 'uniswap-v2' && (await read(client.readContract({ address, abi: POOL, functionName: 'stable' }))))
    throw new SpecError(
      `pool ${pool.id}: kind`,
      pool.kind,
      'a pair on the curve x·y = k: the contract says that it is on that of stable pairs',
    )
  if (pool.kind === 'uniswap-v3') {
    same(`pool ${pool.id}: feePips`, pool.feePips, await read(client.readContract({ address, abi: POOL, functionName: 'fee' })))
    const spacing = await read(client.readContract({ address, abi: POOL, functionName: 'tickSpacing' }))
    same(`pool ${pool.id}: tickSpacing`, pool.tickSpacing, spacing)
  }
  const [token0, token1] = await Promise.all(tokens.map(token => tokenAt(client, token!)))
  for (const [i, { symbol, decimals }] of [token0!, token1!].entries()) {
    const configured = pool[i === 0 ? 'token0' : 'token1']
    const where = `pool ${pool.id}: token${i}`
    if (configured === undefined) continue
    // What no name can be written as cannot be asked of the configuration.
    if (symbol !== undefined && NAME.test(symbol)) same(`${where}.symbol`, configured.symbol, symbol)
    same(`${where}.decimals`, configured.decimals, decimals)
  }
  if (pool.token0 !== undefined || pool.token1 !== undefined) return undefined
  return {
    address: pool.address!.toLowerCase(),
    token0: named(`pool ${pool.id}: token0`, token0!),
    token1: named(`pool ${pool.id}: token1`, token1!),
  }
}

/** Returns what a contract says of a token. Throws SpecError if that is not enough. */
const named = (where: string, { symbol, decimals }: FoundToken): NamedToken => {
  const found = symbol !== undefined && NAME.test(symbol) ? '' : symbol === undefined ? 'no symbol' : `the symbol ${JSON.stringify(symbol)}`
  if (found === '' && decimals !== undefined) return { symbol: symbol!, decimals }
  throw new SpecError(where, found || 'no decimals', 'them in the configuration, because the contract does not say')
}

interface FoundToken {
  readonly symbol: string | undefined
  readonly decimals: number | undefined
}

const tokenAt = async (client: PublicClient, address: Address): Promise<FoundToken> => {
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
