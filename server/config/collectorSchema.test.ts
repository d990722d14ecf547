import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readSettings } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'driftwire-collectors-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Reads a configuration with these sources. */
const read = (sources: readonly object[], more: object = {}) => {
  const file = join(folder, 'config.json')
  writeFileSync(file, JSON.stringify({ chains: { ethereum: { id: 1, node: '$NODE' } }, analytics: { sources }, ...more }))
  const lined = () => readSettings({ config: file }, { NODE: 'https://node.example/v3/key', GITHUB_TOKEN: ' ghp_x ' }, file)
  return { lined, file }
}

it('sources have their defaults, and their keys come from the environment', () => {
  const { config, chains, sourceKeys } = read([{ kind: 'chain', chain: 'ethereum' }, { kind: 'own' }]).lined()
  expect(config.analytics.sources).toEqual([
    { kind: 'chain', chain: 'ethereum', addresses: false, tokens: {} },
    { kind: 'own', prices: [], pools: [] },
  ])
  expect(chains.get('ethereum')!.node).toBe('https://node.example/v3/key')
  expect([sourceKeys.GITHUB_TOKEN, sourceKeys.ETHERSCAN_API_KEY]).toEqual(['ghp_x', undefined])
})

it.each<[sources: readonly object[], line: string, more?: object]>([
  [[{ kind: 'chain', chain: 'base' }], 'analytics.sources.0.chain: found "base", expected ethereum'],
  [[{ kind: 'own' }, { kind: 'own' }], 'analytics.sources.1: found "own" a second time, expected one source of each kind, or chain'],
  [[{ kind: 'own', pools: ['none'] }], 'analytics.sources.0.pools: found "none", expected the id of a pool'],
  [[{ kind: 'own' }], 'analytics.sources.0: found quote "EUR", expected "USD", which metrics are in', { quote: 'EUR' }],
  [
    [{ kind: 'coinbase' }],
    'analytics.sources.0.kind: found "coinbase", expected chain, explorer, coingecko, defillama, github, chainlink or own',
  ],
  [
    [{ kind: 'github', repositories: { A: 'aave' } }],
    'analytics.sources.0.repositories.A: found "aave", expected a repository such as "aave/aave-v3-core"',
  ],
  [
    [{ kind: 'defillama', url: 'https://me:secret@llama.example', protocols: {} }],
    'analytics.sources.0.url: found "https://me:secret@llama.example", expected https://… or http://… without name and password',
  ],
])('%j are refused in one line', (sources, line, more = {}) => {
  const { lined, file } = read(sources, more)
  expect(lined).toThrow(`${file}: ${line}`)
})

it('two chains may have a source of the same kind each', () => {
  const chains = { ethereum: { id: 1, node: 'https://a.example' }, polygon: { id: 137, node: 'https://b.example' } }
  const sources = ['ethereum', 'polygon'].map(chain => ({ kind: 'chain', chain }))
  expect(read(sources, { chains }).lined().config.analytics.sources.length).toBe(2)
})
