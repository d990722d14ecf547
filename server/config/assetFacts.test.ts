import { expect, it } from 'vitest'
import { configuredFacts } from './assetFacts.ts'
import type { Config } from './schema.ts'

const facts = (...events: object[]) => configuredFacts({ quote: 'USD', events } as Config, 'my.json')
const rename = (asset: string, to: string, t = 1_700_000_000_000) => ({ t, asset, kind: 'rename', to })

it('events of one moment that depend on their order are refused by name', async () => {
  await expect(facts(rename('OLD', 'OLDC'), rename('NEW', 'OLD'))).rejects.toThrow(
    'my.json: events: found OLD to OLDC and NEW to OLD at one moment, expected a later t for the one that comes second',
  )
  await expect(facts(rename('BTC', 'ETH'), rename('ETH', 'BTC'))).rejects.toThrow('at one moment')
})

it('events of different moments, or that become one asset at once, are taken', async () => {
  const { events } = await facts(rename('OLD', 'OLDC'), rename('NEW', 'OLD', 1_700_000_000_001), rename('A', 'C'), rename('B', 'C'))
  expect(events.map(({ asset, to }) => `${asset} ${to}`)).toEqual(['OLD OLDC', 'NEW OLD', 'A C', 'B C'])
})

it('the quote currency has no events', async () => {
  await expect(facts(rename('USD', 'EUR'))).rejects.toThrow('found "USD"')
})
