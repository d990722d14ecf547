import { createHash } from 'node:crypto'
import type { Environment } from '../environment.ts'
import type { Feed } from '../feed.ts'
import type { ConnectionTimeouts } from '../live/connection.ts'
import { SpecError } from '../specError.ts'
import type { PoolParameters } from './contracts.ts'

/** A chain's feed as asked for, and the configured pools. */
export interface EvmOptions {
  /** As asked for: `evm:URL` or `evm:URL#from=BLOCK&pools=ID,ID`. */
  readonly spec: string
  /** All that are configured. */
  readonly pools: readonly PoolParameters[]
  /** Which of them this process computes; all if it is left out. */
  readonly needs?: ((pool: string) => boolean) | undefined
  readonly timeouts: ConnectionTimeouts
  readonly environment: Environment
}

const EXPECTED = 'evm:wss://… or evm:https://…, and behind it where wanted #from=BLOCK&pools=ID,ID'

/** Opens the logs of configured pools from one Ethereum node, from a block or from now on. Throws SpecError if it cannot be as asked. */
export const evmFeed = ({ spec, pools, needs = () => true, timeouts, environment }: EvmOptions): Feed => {
  const { url, id, from, wanted } = readSpec(spec, pools)
  const needed = wanted.filter(pool => needs(pool.id))
  return {
    id,
    live: true,
    own: true,
    idle: needed.length === 0,
    symbols: [],
    async *open(context) {
      // The library takes half a second to load: only if there is such a feed.
      const { ChainFeed } = await import('./chainFeed.ts')
      yield* new ChainFeed({ url, from, pools: needed, timeouts, environment, context }).run()
    },
  }
}

const readSpec = (spec: string, pools: readonly PoolParameters[]) => {
  const text = spec.slice('evm:'.length)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^(wss?|https?):$/.test(url.protocol)) throw new SpecError('evm', 'no address of a node', EXPECTED)
  const fragment = new URLSearchParams(url.hash.slice(1))
  const id = nameOf(url)
  const unknown = [...fragment.keys()].find(key => key !== 'from' && key !== 'pools')
  if (unknown !== undefined) throw new SpecError(id, `"${unknown}"`, EXPECTED)
  const from = fragment.get('from') ?? undefined
  if (from !== undefined && !/^\d{1,15}$/.test(from)) throw new SpecError(id, `from=${from}`, 'the number of a block')
  const inLogs = pools.filter(pool => pool.address !== undefined && pool.kind !== 'orderbook')
  const names = fragment.get('pools')?.split(',')
  const missing = names?.find(name => !inLogs.some(pool => pool.id === name))
  if (missing !== undefined) throw new SpecError(id, `pool "${missing}"`, 'one under "pools" that has an address')
  const wanted = names === undefined ? inLogs : inLogs.filter(pool => names.includes(pool.id))
  if (wanted.length === 0) throw new SpecError(id, 'no pool to follow', 'some under "pools" that have an address')
  url.hash = ''
  return { url: url.href, id, from: from === undefined ? undefined : Number(from), wanted }
}

/** Returns the node's host, without the keys in paths and queries: the name is shown to everybody. */
const nameOf = (url: URL): string => {
  const { protocol, host, pathname, search, username, hash } = url
  const secret = pathname !== '/' || search !== '' || username !== ''
  const digest = secret ? `~${createHash('sha256').update(url.href).digest('hex').slice(0, 6)}` : ''
  return `evm:${protocol}//${host}${digest}${hash}`
}
