import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADDRESS, swapV2, sync } from '../../streams/test/chain.ts'
import { Chain, poolContract, TestNode, tokenContract } from './evmChain.ts'
import type { State } from './protocolClient.ts'
import { ProtocolServer } from './protocolKit.ts'

const TOKEN0 = '0x00000000000000000000000000000000000000a0'
const TOKEN1 = '0x00000000000000000000000000000000000000a1'
const pool = (decimals: number) => ({
  id: 'P',
  kind: 'uniswap-v2',
  address: ADDRESS,
  token0: { symbol: 'USDC', decimals, asset: 'USD' },
  token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
})

const ether = 10n ** 18n
const chain = new Chain(500)
const node = new TestNode(chain, {
  [ADDRESS]: poolContract(TOKEN0, TOKEN1),
  [TOKEN0]: tokenContract('USDC', 6),
  [TOKEN1]: tokenContract('WETH', 18),
})
let url = ''
beforeAll(async () => {
  url = await node.start('ws')
  const now = Math.floor(Date.now() / 1000)
  chain.add(now - 24, [{ index: 0, address: ADDRESS, ...sync(4_000_000_000_000n, 1_000n * ether) }])
  chain.add(now - 12, [{ index: 0, address: ADDRESS, ...swapV2(4_000_000_000n, 0, 0, ether) }])
})
afterAll(() => node.stop())

describe('a server that follows a chain', () => {
  it('shows the pools as they are, and a reorganisation as it comes, in states and in trades', async () => {
    const server = await ProtocolServer.start({ pools: [pool(6)] }, '--feed', `evm:${url}/key-of-mine#from=500`)
    const client = await server.client()
    await client.subscribe(['pool:P', 'status'])
    const replica = await client.replica('pool:P')
    await client.until(() => replica.state.trades24h === 1)
    expect(replica.state).toMatchObject({ reserves: { 0: '4000000000000', 1: String(1_000n * ether) }, price: 4_000, tvl: 8_000_000 })
    const trades = async () => {
      const response = await server.fetch('/gecko/historical_trades/P')
      return response.ok ? ((await response.json()) as { buy: State[]; sell: State[] }) : { buy: [], sell: [] }
    }
    const ids = async () => Object.values(await trades()).flatMap(list => (Array.isArray(list) ? list.map(({ trade_id }) => trade_id) : []))
    await expect.poll(ids, { timeout: 30_000 }).toEqual(['P:501:0'])

    const [gone] = chain.cut(1)
    chain.add(gone!.t, [{ index: 3, address: ADDRESS, ...sync(5_000_000_000_000n, 1_000n * ether) }])
    node.tell([gone!])
    await client.until(() => replica.state.price === 5_000)
    expect(replica.state).toMatchObject({ trades24h: 0 })
    await expect.poll(ids, { timeout: 30_000 }).toEqual([])

    const status = await client.replica('status')
    await client.until(() => Object.keys(status.state.feeds as State).length === 1)
    const [id] = Object.keys(status.state.feeds as State)
    expect(id).toMatch(/^evm:ws:\/\/127\.0\.0\.1:\d+~[0-9a-f]{6}#from=500$/)
    expect(JSON.stringify([status.state, server.logged])).not.toContain('key-of-mine')
    await server.stop()
  })

  it.each([
    ['without', ''],
    ['with', '#from=500'],
  ])('goes on where it stopped, %s a block to begin from: what came, and what was taken back, while it was away', async (_, fragment) => {
    const usdc = 10n ** 6n
    const swapped = (paid: bigint, index = 1) => ({ index, address: ADDRESS, ...swapV2(paid * usdc, 0, 0, ether / 100n) })
    const reserves = (index = 0) => ({ index, address: ADDRESS, ...sync(4_000_000_000_000n, 1_000n * ether) })
    const start = (): Promise<ProtocolServer> => ProtocolServer.startForTest({ pools: [pool(6)] }, '--feed', `evm:${url}${fragment}`)
    const shown = async (server: ProtocolServer) => {
      const client = await server.client()
      await client.subscribe(['pool:P'])
      return { client, replica: await client.replica('pool:P') }
    }
    const t = chain.head.t

    const first = await start()
    const before = await shown(first)
    chain.add(t + 1, [reserves()])
    node.tell()
    await before.client.until(() => before.replica.state.price === 4_000)
    const {
      trades24h: n = 0,
      volume24h: volume = 0,
      since,
    } = before.replica.state as { trades24h?: number; volume24h?: number; since: number }
    chain.add(t + 2, [reserves(), swapped(10n)])
    chain.add(t + 3, [reserves(), swapped(100n)])
    node.tell()
    await before.client.until(() => before.replica.state.trades24h === n + 2)
    expect(before.replica.state.volume24h).toBe(volume + 110)
    await first.stop()

    chain.cut(1)
    chain.add(t + 3, [reserves(), swapped(1_000n)])
    for (let i = 0; i < 70; i++) chain.add(t + 4, [])
    chain.add(t + 4, [reserves(), swapped(20_000n)])

    const second = await start()
    const after = await shown(second)
    await after.client.until(() => after.replica.state.trades24h === n + 3)
    expect(after.replica.state).toMatchObject({ volume24h: volume + 21_010, since, price: 4_000, stale: false, partial: false })
    const volumeByHttp = async () => Number((await second.json('/gecko/tickers')).combined_volume_usd)
    await expect.poll(volumeByHttp, { timeout: 30_000 }).toBe(volume + 21_010)
    await second.stop()
  })

  it('cannot go on where a pool is not what the configuration says, and says why', async () => {
    const server = await ProtocolServer.start({ pools: [pool(18)] }, '--feed', `evm:${url}`)
    await expect(server.done).rejects.toThrow('pool P: token0.decimals: found 18, expected 6, as the contract says')
    await server.stop()
  })
})
