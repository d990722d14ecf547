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

  it('cannot go on where a pool is not what the configuration says, and says why', async () => {
    const server = await ProtocolServer.start({ pools: [pool(18)] }, '--feed', `evm:${url}`)
    await expect(server.done).rejects.toThrow('pool P: token0.decimals: found 18, expected 6, as the contract says')
    await server.stop()
  })
})
