import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY, floorTo } from '../../streams/market/candles.ts'
import { CoinGeckoServer } from './coingeckoServer.ts'
import { Chain, TestNode } from './evmChain.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import { type AskedSource, type SourceAnswer, SourceServer } from './sourceServer.ts'

/** A server that collects from sources of this machine, some of which do not answer as they should. */

const GITHUB_KEY = 'ghp_aKeyThatNobodyMaySee'
const NODE_KEY = 'aNodeKeyThatNobodyMaySee'
const EXPLORER_KEY = 'anExplorerKeyThatNobodyMaySee'
const ADMIN_TOKEN = 'a-token-of-the-admin'
const TODAY = floorTo(Date.now(), DAY)
const GECKO_KEY = 'CG-aKeyThatNobodyMaySee'
const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48'

const PROXY = '0x00000000000000000000000000000000000000a1'
const word = (n: bigint): string => n.toString(16).padStart(64, '0')
/** The answer of `latestRoundData()`. */
const roundData = (phase: bigint, own: bigint, answer: bigint, at: number): string =>
  `0x${word((phase << 64n) | own)}${word(answer)}${word(BigInt(at))}${word(BigInt(at))}${word((phase << 64n) | own)}`

/** TVL up to this number of days before today. */
const protocolUntil = (ago: number) => ({
  tvl: [3, 2, 1, 0].map(i => ({ date: (TODAY - (ago + i) * DAY) / 1000, totalLiquidityUSD: 1e6 + i })),
})

const answers = ({ url, headers, body }: AskedSource): SourceAnswer => {
  if (url.pathname === '/protocol/aave') return { body: protocolUntil(0) }
  if (url.pathname === '/protocol/late') return { body: protocolUntil(5) }
  if (url.pathname.startsWith('/repos/')) return { status: 401, body: { message: `Bad credentials: ${headers.authorization}` } }
  if (url.pathname.startsWith('/api'))
    return { body: { status: '0', message: 'NOTOK', result: `Invalid API Key ${url.searchParams.get('apikey')}` } }
  if (body !== undefined) return { body: { error: { code: -32000, message: `no access to ${url.pathname}` } } }
  return { status: 404 }
}

interface Metrics {
  readonly tvl?: { readonly v: number; readonly t: number; readonly src: string; readonly stale: boolean }
}
interface Shown {
  readonly stale: boolean
  readonly failures: number
  readonly facts: number
  readonly requests: number
  readonly retries: number
  readonly failing?: Readonly<Record<string, string>>
}

let source: SourceServer
let gecko: CoinGeckoServer
let node: TestNode
let nodeUrl: string
beforeAll(async () => {
  source = await SourceServer.start(answers)
  const now = Math.floor(Date.now() / 1000)
  const chain = new Chain(50_000_000)
  chain.add(now - 60)
  chain.add(now)
  node = new TestNode(chain, { [PROXY]: { '0xfeaf968c': roundData(5n, 412_345n, 98_765_432n, now - 90), '0x313ce567': `0x${word(8n)}` } })
  nodeUrl = await node.start('http')
  gecko = await CoinGeckoServer.start()
})
afterAll(() => Promise.all([source.close(), gecko.close(), node.stop()]))

const configuration = () => ({
  feeds: ['sim'],
  assets: { BTC: { supply: '1' }, ETH: { supply: '1' } },
  funds: [{ id: 'TWO', weighting: { scheme: 'market-cap', count: 2, cap: 1 }, targets: 'live' }],
  chains: { ethereum: { id: 1, node: '$NODE_ADDRESS' }, polygon: { id: 137, node: nodeUrl } },
  analytics: {
    sources: [
      {
        kind: 'defillama',
        url: source.url,
        protocols: { AAVE: { protocol: 'aave' }, LATE: { protocol: 'late' }, NONE: { protocol: 'none' } },
      },
      { kind: 'coingecko', coins: { BTC: 'bitcoin', ETH: 'ethereum', XRP: 'ripple' } },
      { kind: 'github', url: source.url, repositories: { AAVE: 'aave/core' } },
      { kind: 'explorer', chain: 'ethereum', url: `${source.url}/api`, tokens: { USDC: { address: USDC, decimals: 6 } } },
      { kind: 'chain', chain: 'ethereum' },
      { kind: 'chainlink', chain: 'ethereum', feeds: { ETH: { proxy: USDC, heartbeatMs: 3_600_000 } } },
      { kind: 'chainlink', chain: 'polygon', feeds: { MATIC: { proxy: PROXY, heartbeatMs: 3_600_000 } } },
    ],
  },
})
const environment = () => ({
  ...{ NODE_ADDRESS: `${source.url}/v3/${NODE_KEY}`, GITHUB_TOKEN: GITHUB_KEY, ETHERSCAN_API_KEY: EXPLORER_KEY },
  ...{ DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN, COINGECKO_PRO_API_KEY: GECKO_KEY, COINGECKO_BASE_URL: gecko.url },
})
const started = async (): Promise<DriftwireProcess> => {
  const file = written('collectors.json', JSON.stringify(configuration()))
  const args = ['serve', '--port', '0', '--log-level', 'info', '--data', pathOf('collecting'), '--config', file]
  const server = new DriftwireProcess(args, environment())
  await server.printed()
  return server
}
/** Follows a channel until its state is as wanted, and returns that. */
const seen = async <State>(server: DriftwireProcess, channel: string, wanted: (state: State) => boolean): Promise<State> => {
  const client = await server.client()
  await client.subscribe([channel])
  const replica = await client.replica(channel)
  await client.until(() => wanted(replica.state as State))
  await client.close()
  return replica.state as State
}
type Collectors = Readonly<Record<string, Shown>>
const collectorsOf = async (server: DriftwireProcess, wanted: (collectors: Collectors) => boolean): Promise<Collectors> =>
  (await seen<{ collectors?: Collectors }>(server, 'status', ({ collectors = {} }) => wanted(collectors))).collectors!

describe('a server that collects', () => {
  it('shows what came with its source and age, says why the rest did not, and names no key anywhere', async () => {
    const server = await started()
    const all = await collectorsOf(server, found => Object.values(found).filter(({ failures }) => failures > 0).length === 5)
    expect(Object.fromEntries(Object.entries(all).map(([name, { failing }]) => [name, Object.keys(failing ?? {})]))).toEqual({
      coingecko: [],
      defillama: ['NONE'],
      github: ['AAVE'],
      'explorer:ethereum': ['USDC'],
      'chain:ethereum': ['*'],
      'chainlink:ethereum': ['ETH'],
      'chainlink:polygon': [],
    })
    expect(all.defillama).toMatchObject({ facts: 8, requests: 3, retries: 0 })
    expect(all.github!.failing!.AAVE).toBe(`github at ${new URL(source.url).host}: 401 Bad credentials: Bearer [redacted]`)

    const aave = await server.json<Metrics>('/v1/state/metrics:AAVE')
    expect(aave.tvl).toMatchObject({ v: 1e6, t: TODAY, src: 'defillama', stale: false })
    const late = await server.json<Metrics>('/v1/state/metrics:LATE')
    expect(late.tvl).toMatchObject({ v: 1e6, t: TODAY - 5 * DAY, stale: true })

    const market = await seen<Record<string, { v: number; t: number }>>(server, 'metrics:ETH', ({ price }) => price !== undefined)
    const price = gecko.points('ethereum', 2, true).find(([t]) => t === TODAY)![1]
    expect([market.price, market.volume]).toMatchObject([
      { v: expect.closeTo(price, 6), t: TODAY },
      { v: expect.closeTo(price * 2 ** 10, 3), t: TODAY - DAY },
    ])

    await seen<Record<string, object>>(server, 'metrics:MATIC', ({ oraclePrice }) => oraclePrice !== undefined)
    const { rows } = await server.json<{ rows: { v: number; src: string; ref: string }[] }>('/v1/metrics/MATIC?metric=oraclePrice')
    expect(rows[0]).toMatchObject({
      v: 0.98765432,
      src: 'chainlink',
      ref: `polygon ${PROXY} round ${(5n << 64n) + 412_345n} (phase 5, 412345)`,
    })

    // Funds weigh by what was collected.
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    const { entries } = (await (await fetch(`${await server.url()}/v1/audit`, { headers })).json()) as { entries: { kind: string }[] }
    const supplies = { BTC: '19876543', ETH: '120512345.678' }
    expect(entries.filter(({ kind }) => kind === 'supplies')).toMatchObject([{ supplies, who: 'system' }])

    await server.end('SIGTERM')
    expect(server.stderr).toContain('a source of metrics fails; retrying')
    const said = `${server.stdout}${server.stderr}${JSON.stringify(all)}`
    for (const key of [GITHUB_KEY, NODE_KEY, EXPLORER_KEY, GECKO_KEY]) expect(said).not.toContain(key)
  }, 120_000)

  it('goes on where it was: what is there is not asked for again', async () => {
    source.begin(answers)
    const server = await started()
    await collectorsOf(server, ({ defillama }) => (defillama?.failures ?? 0) > 0)
    expect(source.asked.map(({ url }) => url.pathname).filter(path => path.startsWith('/protocol'))).toEqual([
      '/protocol/late',
      '/protocol/none',
    ])
    const { tvl } = await seen<Metrics>(server, 'metrics:AAVE', state => state.tvl !== undefined)
    expect(tvl).toMatchObject({ v: 1e6, t: TODAY })
    await server.end('SIGTERM')
  }, 120_000)
})
