import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DAY } from '../../../streams/market/candles.ts'
import { collected } from '../../test/collecting.ts'
import { type AskedSource, hurriedEnvironment, type SourceAnswer, SourceServer } from '../../test/sourceServer.ts'
import { Explorer, explorerCollector } from './explorer.ts'

const NOW = Date.UTC(2026, 0, 10, 3)
const KEY = 'EXPLORERKEY1234567890'
const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48'
const UNVERIFIED = '0x00000000000000000000000000000000000000bb'

const ok = (result: unknown): SourceAnswer => ({ body: { status: '1', message: 'OK', result } })
const notOk = (result: string): SourceAnswer => ({ body: { status: '0', message: 'NOTOK', result } })
const verified = {
  ...{ SourceCode: 'contract FiatTokenProxy {}', ABI: '[]', ContractName: 'FiatTokenProxy', CompilerVersion: 'v0.4.24+commit.e67f0147' },
  ...{ OptimizationUsed: '0', Runs: '200', ConstructorArguments: '', EVMVersion: 'Default', LicenseType: 'None' },
  ...{ Proxy: '1', Implementation: '0x43506849d7c04f9138d1a2050bbf3a0c054402dd' },
}
const unverified = {
  ...{ SourceCode: '', ABI: 'Contract source code not verified', ContractName: '', CompilerVersion: '', OptimizationUsed: '', Runs: '' },
  ...{ ConstructorArguments: '', EVMVersion: 'Default', LicenseType: 'Unknown', Proxy: '0', Implementation: '' },
}

const answers = ({ url }: AskedSource): SourceAnswer => {
  const query = Object.fromEntries(url.searchParams)
  if (query.apikey !== KEY) return notOk('Missing/Invalid API Key')
  if (query.chainid !== '1') return notOk('Missing or unsupported chainid parameter')
  if (query.action === 'tokensupply') return ok(query.contractaddress === USDC ? '21004334034110230' : '0')
  if (query.action === 'tokenholdercount') return ok('3456789')
  return ok([query.address === UNVERIFIED ? unverified : verified])
}

let server: SourceServer
beforeAll(async () => {
  server = await SourceServer.start()
})
afterAll(() => server.close())
beforeEach(() => server.begin(answers))

const { signal } = new AbortController()
const opened = (key: string | undefined = KEY, chainId = 1) => {
  const explorer = new Explorer({ url: `${server.url}/v2/api`, chainId, key, perMinute: 6_000, environment: hurriedEnvironment(NOW) })
  return { explorer, collector: explorerCollector(explorer, 'ethereum', { USDC: { address: USDC, decimals: 6, holders: true } }, DAY) }
}

describe('a block explorer', () => {
  it('gives supply and holders of a token', async () => {
    const { facts } = await collected(opened().collector, NOW)
    const period = Date.UTC(2026, 0, 10)
    expect(facts).toEqual([
      { asset: 'USDC', metric: 'totalSupply', period, value: 21_004_334_034.11023, ref: `ethereum ${USDC}` },
      { asset: 'USDC', metric: 'holders', period, value: 3_456_789, ref: `ethereum ${USDC}` },
    ])
  })

  it('is not asked again for what is stored of today', async () => {
    expect((await collected(opened().collector, NOW, () => Date.UTC(2026, 0, 10))).facts).toEqual([])
    expect(server.asked).toEqual([])
  })

  it('knows a verified contract and its implementation, and says nothing of one that is not', async () => {
    const { explorer } = opened()
    expect(await explorer.contract(USDC, signal)).toEqual({
      ...{ name: 'FiatTokenProxy', compiler: 'v0.4.24+commit.e67f0147', abi: '[]', source: 'contract FiatTokenProxy {}', licence: 'None' },
      ...{ proxy: true, implementation: '0x43506849d7c04f9138d1a2050bbf3a0c054402dd' },
    })
    expect(await explorer.contract(UNVERIFIED, signal)).toBeUndefined()
  })

  it('is asked again after a limit of rate, which comes with status 200', async () => {
    server.faults = [
      notOk('Max rate limit reached, please use API Key for higher rate limit'),
      notOk('Max calls per sec rate limit reached (5/sec)'),
    ]
    const { collector } = opened()
    expect((await collected(collector, NOW)).facts.length).toBe(2)
    expect(collector.figures.retries).toBe(2)
  })

  it.each([
    [undefined, 1, 'NOTOK: Missing/Invalid API Key'],
    [KEY, 2, 'NOTOK: Missing or unsupported chainid parameter'],
  ])('with key %s on chain %i says why it refuses, once', async (key, chainId, why) => {
    const explorer = new Explorer({ url: server.url, chainId, key, perMinute: 6_000, environment: hurriedEnvironment(NOW) })
    await expect(explorer.supply(USDC, signal)).rejects.toThrow(`explorer at ${new URL(server.url).host}: ${why}`)
    expect(server.asked.length).toBe(1)
  })

  it.each<SourceAnswer>([
    'cut',
    'empty',
    'page',
    notOk('Max rate limit reached'),
    notOk(`Invalid API Key ${KEY}`),
    ok('a lot'),
    ok(null),
    { body: { status: '1', message: 'OK' } },
    { body: {} },
    { status: 429 },
    { status: 503, body: { message: `apikey=${KEY}` } },
  ])('gives no false value and no key, whatever it does instead: %j', async fault => {
    server.begin(() => fault)
    const { facts, failed } = await collected(opened().collector, NOW)
    expect([facts, Object.keys(failed)]).toEqual([[], ['USDC']])
    expect(failed.USDC).not.toContain(KEY)
  })
})
