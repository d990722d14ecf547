import specs from '@asyncapi/specs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { KINDS } from '../../../streams/wire/channels.ts'
import { METHODS, type Method, readParams } from '../../../streams/wire/requests.ts'
import { DescribedSocket } from '../../test/described.ts'
import { asyncApi } from './asyncapi.ts'
import { REQUESTS } from './examples.ts'
import { openApi } from './openapi.ts'
import { ROUTES, TAGS } from './routes/index.ts'

/** As they are served. */
const served = <T>(document: object): T => JSON.parse(JSON.stringify(document)) as T
const http = served<{ paths: Record<string, Record<string, Operation>>; tags: { name: string }[] }>(openApi(ROUTES, TAGS))
const socket = served<{ asyncapi: '3.0.0'; channels: Record<string, Channel>; operations: Record<string, SocketOperation> }>(asyncApi())

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema?: object }> }>
}
interface Channel {
  readonly address: string
  readonly messages: Record<string, { readonly examples?: readonly { readonly payload: object }[] }>
}
interface SocketOperation {
  readonly messages: readonly object[]
  readonly reply?: { readonly messages: readonly object[] }
}

/** References in a document that lead nowhere. */
const broken = (document: object): string[] => {
  const leads = (reference: string): boolean =>
    reference
      .slice(2)
      .split('/')
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document) !== undefined
  return [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!).filter(each => !leads(each))
}

describe('OpenAPI', () => {
  const operations = Object.values(http.paths).flatMap(methods => Object.values(methods))

  it('is valid by the schema of the OpenAPI Initiative, which finds a planted fault', async () => {
    expect(await new Validator().validate(http)).toEqual({ valid: true })
    expect(await new Validator().validate({ ...http, tags: [{ nane: 'states' }] })).toMatchObject({ valid: false })
  })

  it('has references that lead somewhere', () => expect(broken(http)).toEqual([]))

  it('names each operation once, under a tag that is described', () => {
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toContain('getFundsByIdBasket')
    expect(new Set(operations.flatMap(({ tags }) => tags))).toEqual(new Set(http.tags.map(({ name }) => name)))
  })

  it('has a schema of every good answer', () => {
    const without = operations.filter(({ responses }) =>
      Object.values(responses['200']!.content ?? {}).some(({ schema }) => schema === undefined || Object.keys(schema).length === 0),
    )
    expect(without.map(({ operationId }) => operationId)).toEqual([])
  })
})

describe('AsyncAPI', () => {
  // The schema of AsyncAPI contains that of draft 7, as a definition.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, addUsedSchema: false })
  const valid = ajv.compile(specs.schemasWithoutId['3.0.0'] as object)

  it('is valid by the schema of the AsyncAPI Initiative, which finds a planted fault', () => {
    expect(valid(socket) || ajv.errorsText(valid.errors)).toBe(true)
    expect(valid({ ...socket, channels: { ws: { adress: '/ws' } } })).toBe(false)
  })

  it('has references that lead somewhere', () => expect(broken(socket)).toEqual([]))

  it('has every method with its reply, and every kind of channel with its pushes', () => {
    const methods = Object.keys(METHODS)
    expect(Object.keys(socket.operations)).toEqual([...methods, 'tell', ...KINDS.map(kind => `push_${kind}`)])
    for (const method of methods)
      expect(socket.operations[method]).toMatchObject({
        messages: [{ $ref: `#/channels/ws/messages/${method}` }],
        reply: { messages: [{ $ref: `#/channels/ws/messages/${method}Result` }, { $ref: '#/channels/ws/messages/error' }] },
      })
    expect(Object.keys(socket.channels)).toEqual(['ws', ...KINDS])
    for (const kind of KINDS)
      expect(Object.keys(socket.channels[kind]!.messages), kind).toEqual(expect.arrayContaining(['snapshot', 'patch']))
  })

  it('has examples that are as it says, and that the server reads', () => {
    const described = new DescribedSocket(socket)
    for (const [channel, { messages }] of Object.entries(socket.channels))
      for (const [name, { examples = [] }] of Object.entries(messages))
        for (const { payload } of examples) described.hold(channel, name, payload)
    expect(described.faults).toEqual([])
    expect(described.seen.size).toBeGreaterThan(Object.keys(METHODS).length)
    for (const [method, params] of Object.entries(REQUESTS)) expect(() => readParams(method as Method, params), method).not.toThrow()
  })

  it.each([
    ['fund', 'snapshot', { ch: 'fund:F', epoch: 'k', seq: 1, t: 1, snap: { nav: 1 } }, true],
    ['fund', 'snapshot', { ch: 'fund:F', epoch: 'k', seq: 1, t: 1, snap: { navv: 1 } }, false],
    ['fund', 'snapshot', { ch: 'fund:F', epoch: 'k', seq: 1, t: 1, snap: { nav: null } }, false],
    ['fund', 'patch', { ch: 'fund:F', seq: 1, t: 1, d: { nav: null, inav: { mid: null }, weights: { BTC: null }, rebalance: null } }, true],
    ['fund', 'patch', { ch: 'fund:F', seq: 1, t: 1, d: { inav: { middle: 1 } } }, false],
    ['fund', 'patch', { ch: 'pool:F', seq: 1, t: 1, d: {} }, false],
    ['tick', 'patch', { ch: 'tick:A-USD', seq: 1, t: 1, d: { side: null, day: { n: 2 } } }, true],
    ['tick', 'patch', { ch: 'tick:A-USD', seq: 1, t: 1, d: { side: 'neither' } }, false],
    ['ws', 'heartbeat', { hb: 1, more: 1 }, false],
    ['ws', 'pingResult', { jsonrpc: '2.0', id: 1, result: 1 }, true],
    ['ws', 'pingResult', { jsonrpc: '2.0', id: 1, result: '1' }, false],
  ])('says of %s/%s %j: %s', (channel, name, frame, right) => {
    expect(new DescribedSocket(socket).fault(channel, name, frame) === undefined).toBe(right)
  })
})
