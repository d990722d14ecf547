import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OLD_SLOTS, PROXY_SLOTS } from '../../streams/contracts/proxy.ts'
import { codeWith, EVENTS, TOKEN } from '../../streams/contracts/test/code.ts'
import { CONTRACT } from '../../streams/wire/answers/contracts.ts'
import { Explorer } from '../analytics/collectors/explorer.ts'
import { ChainContracts } from '../contracts/chainContracts.ts'
import { CodeCache } from '../contracts/codeCache.ts'
import { openContractRows } from '../contracts/contractRows.ts'
import { Contracts } from '../contracts/contracts.ts'
import type { Environment } from '../feeds/environment.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { ContractNode, type Fault } from './contractNode.ts'
import { countOf, sharedEngine, silent } from './storageKit.ts'

const address = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`
const word = (value: string): string => `0x${value.replace(/^0x/, '').padStart(64, '0')}`

const TOKEN_CODE = codeWith({ functions: [...TOKEN, '8da5cb5b', '40c10f19'], more: EVENTS })
const OTHER_CODE = codeWith({ functions: TOKEN, silent: ['a9059cbb'], more: EVENTS })
const PROXY_CODE = codeWith({ functions: ['3659cfe6'], forwards: true })
const [OWNED, PROXY, FIRST, SECOND, BEACON, COPY, ACCOUNT, OLD] = [1, 2, 3, 4, 5, 6, 7, 8].map(address) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
]

/** A world in which time stands still and every wait is over at once. */
class Instant implements Environment {
  t = 1_700_000_000_000
  now = (): number => this.t
  random = (): number => 0
  after = (_: number, run: () => void): (() => void) => {
    const timer = setImmediate(run)
    return () => clearImmediate(timer)
  }
}

describe('contracts', () => {
  const engine = sharedEngine('embedded')
  let store: Engine
  const node = new ContractNode()
  const environment = new Instant()
  let url = ''
  let contracts: Contracts
  let chains = 0
  const open = (explorer?: string): Contracts =>
    new Contracts({
      // Each test has a chain of its own, so that none sees what another stored.
      chains: new Map([[chain(), { name: chain(), id: 1, node: url, contractsPerMinute: 30 }]]),
      explorerOf: ({ id }) =>
        explorer === undefined
          ? undefined
          : new Explorer({ url: explorer, chainId: id, key: 'an-explorer-key', perMinute: 240, environment }),
      rows: openContractRows(Promise.resolve(store)),
      environment,
      log: silent,
    })
  const chain = (): string => `chain${chains}`
  const of = (of: string) => contracts.of(chain(), of)
  const later = (): void => {
    environment.t += 60_000
    node.block += 5
  }

  beforeAll(async () => {
    url = await node.start()
    store = await engine()
  })
  afterAll(() => node.stop())
  beforeEach(() => {
    chains += 1
    node.asked.length = 0
    node.faults = {}
    for (const key of Object.keys(node.contracts)) delete node.contracts[key]
    Object.assign(node.contracts, {
      [OWNED]: { code: TOKEN_CODE, answers: { '0x8da5cb5b': word(address(0)), '0x313ce567': word('12') } },
      [PROXY]: { code: PROXY_CODE, storage: { [PROXY_SLOTS.implementation]: word(FIRST) }, answers: { '0x313ce567': word('6') } },
      [FIRST]: { code: TOKEN_CODE },
      [SECOND]: { code: OTHER_CODE },
    })
    later()
    contracts = open()
  })

  it('are read as of one block, with an answer to every check', async () => {
    const found = await of(OWNED)
    CONTRACT.parse(found)
    expect(found).toMatchObject({
      chain: chain(),
      address: OWNED,
      block: node.block,
      replaced: [],
      concerns: ['privilege.owner', 'privilege.mint'],
    })
    const blocks = node.asked.filter(({ method }) => method !== 'eth_getBlockByNumber').map(({ block }) => block)
    expect(blocks.length).toBeGreaterThan(4)
    expect(new Set(blocks)).toEqual(new Set([`0x${node.block.toString(16)}`]))
    const answers = Object.fromEntries(Object.entries(found.checks).map(([name, check]) => [name, check?.answer]))
    expect(answers).toMatchObject({
      'proxy.eip1967': 'no',
      'proxy.forwards': 'no',
      'opcode.SELFDESTRUCT': 'no',
      'erc20.functions': 'yes',
      'erc20.events': 'yes',
      'erc20.returns': 'yes',
      'erc20.decimals': 'yes',
      'owner.renounced': 'yes',
      'privilege.mint': 'yes',
      'privilege.pause': 'unknown',
      'source.verified': 'unknown',
    })
  })

  it('an address without code has no checks, and nothing is stored of it', async () => {
    expect(await of(address(99))).toMatchObject({ code: [], checks: {}, concerns: [], replaced: [] })
    expect(await countOf(store, `SELECT count() AS n FROM ${store.database}.contracts WHERE chain = '${chain()}'`)).toBe(0)
  })

  it('a proxy is read through to its implementation, and again when the slot changes', async () => {
    const before = await of(PROXY)
    expect(before.code.map(({ address, via }) => [address, via])).toEqual([
      [PROXY, undefined],
      [FIRST, 'implementation'],
    ])
    expect(before.checks['erc20.returns']?.answer).toBe('yes')
    expect(before.checks['privilege.mint']).toMatchObject({ answer: 'yes', evidence: [{ at: FIRST, selector: '0x40c10f19' }] })
    expect(before.concerns).toEqual(expect.arrayContaining(['proxy.eip1967', 'proxy.forwards', 'opcode.DELEGATECALL', 'privilege.upgrade']))

    node.contracts[PROXY]!.storage = { [PROXY_SLOTS.implementation]: word(SECOND) }
    later()
    const after = await of(PROXY)
    expect(after.code.at(-1)).toMatchObject({ address: SECOND, via: 'implementation' })
    expect(after.checks['erc20.returns']).toMatchObject({ answer: 'no', evidence: [{ at: SECOND, value: 'nothing' }] })
    expect(after.checks['privilege.mint']?.answer).toBe('unknown')
    expect(after.replaced).toEqual([{ t: after.t, block: after.block, from: FIRST, to: SECOND }])

    // Another start knows of it from the store.
    later()
    contracts = open()
    expect((await of(PROXY)).replaced).toEqual(after.replaced)
    expect(await countOf(store, `SELECT count() AS n FROM ${store.database}.contracts FINAL WHERE chain = '${chain()}'`)).toBe(2)
  })

  it.each([
    [
      'a beacon',
      {
        [PROXY]: { code: PROXY_CODE, storage: { [PROXY_SLOTS.beacon]: word(BEACON) } },
        [BEACON]: { code: '0x00', answers: { '0x5c60da1b': word(FIRST) } },
      },
      PROXY,
      'beacon',
    ],
    [
      'a copy of a contract',
      { [COPY]: { code: `0x363d3d373d3d3d363d73${FIRST.slice(2)}5af43d82803e903d91602b57fd5bf3` } },
      COPY,
      'eip1167',
    ],
    ['an account that has delegated', { [ACCOUNT]: { code: `0xef0100${FIRST.slice(2)}` } }, ACCOUNT, 'eip7702'],
    ['a proxy from before EIP-1967', { [OLD]: { code: PROXY_CODE, storage: { [OLD_SLOTS.zeppelinos]: word(FIRST) } } }, OLD, 'zeppelinos'],
  ] as const)('%s is read through', async (_, more, asked, via) => {
    Object.assign(node.contracts, more)
    const found = await of(asked)
    expect(found.code.map(({ address, via }) => [address, via])).toEqual([
      [asked, undefined],
      [FIRST, via],
    ])
    expect(found.checks['erc20.functions']?.answer).toBe('yes')
  })

  it.each([
    [
      'leads to itself',
      PROXY,
      { [PROXY]: { code: `0x363d3d373d3d3d363d73${PROXY.slice(2)}5af43d82803e903d91602b57fd5bf3` } },
      /more than 4 codes/,
    ],
    [
      'leads to nothing',
      PROXY,
      { [PROXY]: { code: PROXY_CODE, storage: { [PROXY_SLOTS.implementation]: word(address(99)) } } },
      /there is no code at/,
    ],
    ['leads nobody knows where', PROXY, { [PROXY]: { code: PROXY_CODE } }, /leads to other code that is not known/],
  ] as const)('of a proxy that %s the functions are unknown', async (_, asked, more, why) => {
    Object.assign(node.contracts, more)
    const { checks } = await of(asked)
    expect(checks['erc20.functions']).toMatchObject({ answer: 'unknown', why: expect.stringMatching(why) })
  })

  it('one code is run once, and one answer is given again for a block’s time', async () => {
    const asked = await Promise.all([of(OWNED), of(OWNED)])
    expect(asked[0]).toEqual(asked[1])
    const { length } = node.asked
    await of(OWNED)
    expect(node.asked).toHaveLength(length)
    await of(FIRST)
    expect(contracts.figures).toMatchObject({ read: 2, again: 1, codes: { computed: 1, known: 1 } })
    environment.t += 12_001
    await of(OWNED)
    expect(node.asked.length).toBeGreaterThan(length)
  })

  it('storage that the node does not show, and an owner that reverts, are unknown and no failure', async () => {
    node.faults = { eth_getStorageAt: { error: { code: -32601, message: 'method not supported' } } }
    delete node.contracts[OWNED]!.answers!['0x8da5cb5b']
    const { checks } = await of(OWNED)
    expect(checks['proxy.eip1967']).toMatchObject({ answer: 'unknown', why: 'the node does not show storage' })
    expect(checks['owner.renounced']).toMatchObject({ answer: 'unknown', why: 'owner() gave no answer' })
    expect(checks['erc20.functions']?.answer).toBe('yes')
  })

  const FAULTS: readonly (readonly [string, string, Fault, RegExp])[] = [
    ['is asked too often', 'all', { status: 429, text: '{"error":"rate"}' }, /429|rate/i],
    ['fails', 'eth_getCode', { status: 500, text: 'oops' }, /the node of chain/],
    [
      'refuses with status 200',
      'all',
      { error: { code: -32005, message: 'daily request count exceeded' } },
      /daily request count exceeded/,
    ],
    ['lacks the block', 'eth_getCode', { error: { code: -32000, message: 'header not found' } }, /header not found/],
    ['sends a page', 'all', { status: 200, text: '<html>' }, /the node of chain/],
    ['breaks off', 'all', { status: 200, text: '{"jsonrpc":"2.0","id":1,"resu' }, /the node of chain/],
    ['sends no code', 'eth_getCode', { status: 200, text: '{"jsonrpc":"2.0","id":1,"result":null}' }, /no hexadecimal digits for code/],
    ['repeats its address', 'all', { error: { code: -32000, message: 'bad key a-secret-key' } }, /bad key \[redacted\]/],
  ]
  it.each(FAULTS)('a node that %s: not ready, nothing is said of the contract, and no key is shown', async (_, method, fault, why) => {
    node.faults = { [method]: fault }
    const error = await of(OWNED).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'not_ready', message: expect.stringMatching(why) })
    expect((error as Error).message).not.toContain('a-secret-key')
    expect(contracts.figures).toMatchObject({ read: 0, failed: 1 })
    expect(await countOf(store, `SELECT count() AS n FROM ${store.database}.contracts WHERE chain = '${chain()}'`)).toBe(0)
    node.faults = {}
    expect((await of(OWNED)).code).toHaveLength(1)
  })

  it('a node that does not answer is not waited for', async () => {
    node.faults = { eth_getCode: 'none' }
    const asked = { name: chain(), id: 1, node: url, contractsPerMinute: 1 }
    const reading = new ChainContracts({ chain: asked, explorer: undefined, codes: new CodeCache(), environment, readMs: 200 })
    await expect(reading.read(OWNED)).rejects.toMatchObject({
      code: 'not_ready',
      message: `the node of ${chain()}: no answer within 0.2 s`,
    })
  })

  it('no more are read than the node allows', async () => {
    const all = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7].map(n => of(address(100 + n))))
    expect(all.map(({ status }) => status)).toEqual([...Array(5).fill('fulfilled'), ...Array(2).fill('rejected')])
    expect(all[5]).toMatchObject({ reason: { code: 'rate_limited', retryAfter: 2 } })
    environment.t += 2_000
    await of(address(106))
    expect(contracts.figures).toMatchObject({ read: 6, refused: 2 })
  })

  it.each([
    ['0x12', /expected 0x and 40 hexadecimal digits/],
    ['vitalik.eth', /expected 0x and 40/],
    ['0xdAC17F958D2ee523a2206206994597C13D831eC7', /EIP-55/],
  ])('no address: %s', async (text, why) => {
    await expect(of(text)).rejects.toMatchObject({ code: 'invalid_params', message: expect.stringMatching(why) })
  })

  describe('and the explorer', () => {
    let explorer: Server
    let answers: string[] = []
    let asked: string[] = []
    beforeAll(async () => {
      explorer = createServer((request, response) => {
        asked.push(request.url!)
        response.setHeader('content-type', 'application/json')
        response.end(answers.length > 1 ? answers.shift() : answers[0])
      })
      await new Promise<void>(resolve => explorer.listen(0, '127.0.0.1', resolve))
    })
    afterAll(() => explorer.close())
    afterEach(() => {
      asked = []
    })
    const source = (name: string, text: string): string =>
      JSON.stringify({
        status: '1',
        message: 'OK',
        result: [
          {
            SourceCode: text,
            ABI: '[]',
            ContractName: name,
            CompilerVersion: name && 'v0.8.19',
            LicenseType: '',
            Proxy: '0',
            Implementation: '',
          },
        ],
      })
    const tooMany = JSON.stringify({ status: '0', message: 'NOTOK', result: 'Max rate limit reached' })
    const badKey = JSON.stringify({ status: '0', message: 'NOTOK', result: 'Invalid API Key an-explorer-key' })

    it.each([
      ['knows the source', [source('Token', 'contract Token {}')], { answer: 'yes', evidence: [{ name: 'Token, v0.8.19' }] }],
      ['does not', [source('', '')], { answer: 'no', evidence: [] }],
      ['first refuses', [tooMany, source('Token', 'x')], { answer: 'yes' }],
      ['refuses the key', [badKey], { answer: 'unknown', why: expect.stringContaining('Invalid API Key [redacted]') }],
      ['sends half an answer', ['{"status":"1","res'], { answer: 'unknown', why: expect.stringContaining('not JSON') }],
      ['sends another form', ['{"status":"1","result":[]}'], { answer: 'unknown', why: expect.stringContaining('another form') }],
    ])('that %s: its word is one check, and nothing else depends on it', async (_, said, expected) => {
      answers = [...said]
      contracts = open(`http://127.0.0.1:${(explorer.address() as AddressInfo).port}/v2/api`)
      const { checks } = await of(OWNED)
      expect(checks['source.verified']).toMatchObject(expected)
      expect(checks['erc20.functions']?.answer).toBe('yes')
      expect(asked[0]).toMatch(new RegExp(`chainid=1&.*module=contract&action=getsourcecode&address=${OWNED}`))
    })
  })
})
