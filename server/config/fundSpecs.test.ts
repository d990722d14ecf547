import { describe, expect, it } from 'vitest'
import { fundSpecs } from './fundSpecs.ts'
import { poolSpecs } from './poolSpecs.ts'
import { configSchema } from './schema.ts'
import { wantedSymbols } from './wantedSymbols.ts'

describe('a configuration as the streams want it', () => {
  const config = configSchema.parse({
    quote: 'EUR',
    assets: { BTC: { supply: '19700000' }, ETH: { supply: '120000000.5' }, GOLD: {} },
    funds: [
      {
        id: 'CAP',
        weighting: { scheme: 'market-cap', assets: ['ETH'], rules: 'msci-10-40' },
        rebalance: { mode: 'off', assetThreshold: 0.1, feeBps: 25, minTrade: '10', maxTrade: '5000', lots: { BTC: '0.00001' } },
      },
      { id: 'ALL', name: 'All alike', weighting: { scheme: 'equal' }, initialPrice: '0.5', rebalance: { totalThreshold: 0.2 } },
      { id: 'UNITS', weighting: { scheme: 'units', units: { SOL: '0.000000000000000001', EUR: '5' } } },
    ],
    pools: [
      { id: 'v2', kind: 'uniswap-v2', address: '0x00000000000000000000000000000000000000AB' },
      { id: 'v3', kind: 'uniswap-v3', token0: { symbol: 'USDC', decimals: 6, asset: 'EUR' }, token1: { symbol: 'DOT', decimals: 10 } },
    ],
  })
  const funds = fundSpecs(config)
  const pools = poolSpecs(config)

  it('has exact amounts, names and thresholds filled in', () => {
    expect(funds[0]).toMatchObject({ id: 'CAP', name: 'CAP', quote: 'EUR', supplies: new Map([['ETH', 120_000_000.5]]) })
    expect(funds[0]!.rebalance.assetThreshold).toBe(Number.POSITIVE_INFINITY)
    expect(funds[1]).toMatchObject({
      name: 'All alike',
      weighting: { scheme: 'equal', assets: ['BTC', 'ETH', 'GOLD'] },
      initialPrice: 10n ** 17n * 5n,
    })
    expect(funds[1]!.rebalance).toEqual({
      mode: 'propose',
      assetThreshold: Number.POSITIVE_INFINITY,
      relativeThreshold: Number.POSITIVE_INFINITY,
      totalThreshold: 0.2,
      maxIntervalMs: Number.POSITIVE_INFINITY,
      coolOffMs: 60_000,
      // As the exchange takes, because the fund does not say.
      trades: { feeBps: 10, minTrade: 0n, lots: new Map() },
    })
    expect(funds[0]!.weighting).toEqual({ scheme: 'market-cap', count: 10, cap: 1, rules: { single: 0.1, above: 0.05, sum: 0.4 } })
    expect(funds[0]!.rebalance.trades).toEqual({
      feeBps: 25,
      minTrade: 10n * 10n ** 18n,
      maxTrade: 5_000n * 10n ** 18n,
      lots: new Map([['BTC', 10n ** 13n]]),
    })
    expect(funds[2]!.weighting).toEqual({
      scheme: 'units',
      units: new Map([
        ['SOL', 1n],
        ['EUR', 5n * 10n ** 18n],
      ]),
    })
  })

  it('knows addresses in lower case and the fee that every pool of Uniswap v2 takes', () => {
    expect(pools.map(({ address, feePips }) => [address, feePips])).toEqual([
      ['0x00000000000000000000000000000000000000ab', 3_000],
      ['', Number.NaN],
    ])
    expect(pools[1]!.token1).toEqual({ symbol: 'DOT', decimals: 10, asset: 'DOT' })
  })

  it('wants the prices of everything that is held or may be, in the quote currency', () => {
    expect([...wantedSymbols(funds, [], pools, 'EUR')].sort()).toEqual(['BTC-EUR', 'DOT-EUR', 'ETH-EUR', 'GOLD-EUR', 'SOL-EUR'])
  })
})
