import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { contradiction } from './checks.ts'
import { configJsonSchema, configSchema } from './schema.ts'

/** The example of the published interface, its two placeholders filled in and with assets enough for a cap of a quarter. */
const EXAMPLE = {
  quote: 'USD',
  frameMs: 20,
  staleAfterMs: 10_000,
  storeMs: 1_000,
  retention: { ticks: '30d' },
  symbols: { BTCUSDT: 'BTC-USD', ETHUSDT: 'ETH-USD' },
  assets: { BTC: { supply: '18587825' }, ETH: { supply: '114077545' } } as Record<string, { supply: string }>,
  funds: [
    {
      id: 'TOP10',
      name: 'Top ten, capped',
      weighting: { scheme: 'market-cap', count: 10, cap: 0.25 },
      initialPrice: '100',
      initialShares: '10000',
      creationUnit: '100',
      createFeeBps: 0,
      redeemFeeBps: 0,
      rebalance: {
        mode: 'propose',
        assetThreshold: 0.02,
        totalThreshold: 0.05,
        maxIntervalMs: 604_800_000,
        coolOffMs: 60_000,
        minTrade: '10',
      },
      market: 'TOP10-USD',
    },
  ],
  portfolios: [{ id: 'main', method: 'fifo', transactions: 'main.csv' }],
  pools: [
    {
      id: 'USDC-WETH-005',
      kind: 'uniswap-v3',
      address: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640',
      feePips: 500,
      tickSpacing: 10,
      token0: { symbol: 'USDC', decimals: 6 },
      token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
      ticks: 'ticks.csv',
    },
  ],
  feeds: ['sim'],
}
const WIDER = { ...EXAMPLE, assets: { ...EXAMPLE.assets, BNB: { supply: '1' }, SOL: { supply: '1' } } }
const DEMO = JSON.parse(readFileSync(join(packageRoot(), 'server', 'demo', 'config.json'), 'utf8')) as object

const accepted = (config: unknown): string => {
  const result = configSchema.safeParse(config)
  return result.success ? (contradiction(result.data) ?? 'accepted') : result.error.message
}

it('the published example is accepted', () => {
  expect(accepted(WIDER)).toBe('accepted')
})

it('the published example taken as a whole is refused: two assets, of which none may pass a quarter', () => {
  expect(accepted(EXAMPLE)).toMatch(/cap/)
})

describe('the JSON Schema', () => {
  const schema = configJsonSchema() as Schema

  it('is one of the current draft, of an object with nothing unknown in it', () => {
    expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', additionalProperties: false })
  })

  it.each([
    ['nothing at all', {}],
    ['the demo', DEMO],
    ['the published example', EXAMPLE],
    [
      'what is required and no more',
      { funds: [{ id: 'A', weighting: { scheme: 'equal' } }], portfolios: [{ id: 'b' }], pools: [{ id: 'c', kind: 'stableswap' }] },
    ],
  ])('takes %s', (_, config) => {
    expect(faultsOf(schema, config)).toEqual([])
  })

  const fund = (more: object) => ({ funds: [{ id: 'A', weighting: { scheme: 'equal' }, ...more }] })
  it.each<[at: string, config: unknown]>([
    ['', []],
    ['.nope', { nope: 1 }],
    ['.quote', { quote: 7 }],
    ['.quote', { quote: 'U S' }],
    ['.frameMs', { frameMs: 0 }],
    ['.frameMs', { frameMs: 1_001 }],
    ['.frameMs', { frameMs: 20.5 }],
    ['.retention.ticks', { retention: { ticks: 'a month' } }],
    ['.assets.BTC.supply', { assets: { BTC: { supply: 5 } } }],
    ['.assets.B C', { assets: { 'B C': {} } }],
    ['.funds', { funds: {} }],
    ['.funds.0.id', { funds: [{ weighting: { scheme: 'equal' } }] }],
    ['.funds.0.weighting', { funds: [{ id: 'A' }] }],
    ['.funds.0.weighting', fund({ weighting: { scheme: 'best' } })],
    ['.funds.0.weighting', fund({ weighting: { scheme: 'fixed' } })],
    ['.funds.0.createFeeBps', fund({ createFeeBps: 10_001 })],
    ['.funds.0.rebalance.mode', fund({ rebalance: { mode: 'maybe' } })],
    ['.funds.0.read', fund({ read: 'all' })],
    ['.portfolios.0.method', { portfolios: [{ id: 'a', method: 'best' }] }],
    ['.pools.0', { pools: [{ id: 'p' }] }],
    ['.pools.0', { pools: [{ id: 'p', kind: 'orderbook', token0: { symbol: 'A' } }] }],
    ['.feeds', { feeds: 'sim' }],
    ['.limits.chanels', { limits: { chanels: 5 } }],
  ])('finds the mistake at "%s" of %j, which the server finds too', (at, config) => {
    expect(faultsOf(schema, config)).toContain(at)
    expect(configSchema.safeParse(config).success).toBe(false)
  })

  it('says for every member of the example of which type it is', () => {
    const untyped = [...membersOf(schema)].filter(([, member]) => !['type', 'anyOf', 'oneOf', 'enum', 'const'].some(key => key in member))
    expect(untyped.map(([at]) => at)).toEqual([])
  })
})

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly propertyNames?: Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly [keyword: string]: unknown
}

/** Where a value does not fit a schema: of JSON Schema what this one uses, and an error for what it would not judge. */
const faultsOf = (schema: Schema, value: unknown, at = ''): string[] => {
  const unknown = Object.keys(schema).filter(
    keyword => !(keyword in KEYWORDS) && !ANNOTATIONS.includes(keyword) && !STRUCTURE.includes(keyword),
  )
  if (unknown.length > 0) throw new Error(`${at}: this test does not know ${unknown.join(', ')}`)
  const wrong = Object.entries(KEYWORDS).some(([keyword, fits]) => keyword in schema && !fits(value, schema[keyword] as never))
  const fitting = (choices: readonly Schema[]): number => choices.filter(choice => faultsOf(choice, value, at).length === 0).length
  if (wrong || (schema.anyOf && fitting(schema.anyOf) === 0) || (schema.oneOf && fitting(schema.oneOf) !== 1)) return [at]
  if (Array.isArray(value)) return schema.items ? value.flatMap((item, i) => faultsOf(schema.items!, item, `${at}.${i}`)) : []
  if (typeof value !== 'object' || value === null) return []
  const { properties = {}, required = [], additionalProperties = true, propertyNames } = schema
  return [
    ...required.filter(name => !(name in value)).map(name => `${at}.${name}`),
    ...Object.entries(value).flatMap(([name, member]) => {
      const where = `${at}.${name}`
      if (propertyNames && faultsOf(propertyNames, name).length > 0) return [where]
      if (properties[name]) return faultsOf(properties[name], member, where)
      if (typeof additionalProperties === 'object') return faultsOf(additionalProperties, member, where)
      return additionalProperties ? [] : [where]
    }),
  ]
}

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)

const KEYWORDS: Readonly<Record<string, (value: unknown, of: never) => boolean>> = {
  type: (value, type: string) => typeOf(value) === type || (type === 'integer' && Number.isInteger(value)),
  enum: (value, choices: readonly unknown[]) => choices.includes(value),
  const: (value, only: unknown) => value === only,
  minimum: (value, least: number) => typeof value !== 'number' || value >= least,
  maximum: (value, most: number) => typeof value !== 'number' || value <= most,
  exclusiveMinimum: (value, least: number) => typeof value !== 'number' || value > least,
  minLength: (value, least: number) => typeof value !== 'string' || value.length >= least,
  maxLength: (value, most: number) => typeof value !== 'string' || value.length <= most,
  minItems: (value, least: number) => !Array.isArray(value) || value.length >= least,
  pattern: (value, pattern: string) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
}
const ANNOTATIONS = ['$schema', 'description', 'default']
const STRUCTURE = ['properties', 'required', 'additionalProperties', 'propertyNames', 'items', 'anyOf', 'oneOf']

const membersOf = function* (schema: Schema, at = ''): Iterable<[string, Schema]> {
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    yield [`${at}.${name}`, member]
    yield* membersOf(member, `${at}.${name}`)
  }
  if (schema.items) yield* membersOf(schema.items, `${at}[]`)
  for (const choice of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) yield* membersOf(choice, at)
}
