import { beforeEach, describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { activeTrace } from '../../lib/activeTrace.ts'
import { tracedFetch, tracedMethods } from './requests.ts'
import { newId } from './traceparent.ts'
import { openTracer, type Span } from './tracer.ts'

const spans: Span[] = []
beforeEach(() => {
  spans.length = 0
})
const tracer = openTracer(ended => spans.push(...ended), 1)
const parent = (): string => `00-${newId(16)}-${newId(8)}-01`

describe('of the methods of a websocket', () => {
  const traced = tracedMethods(tracer)
  it.each([
    ['create', undefined, 1],
    ['holdings', undefined, 0],
    ['holdings', parent(), 1],
    ['create', 'not a traceparent', 1],
  ])('%s with %s gives %i spans', async (name, traceparent, n) => {
    expect(await traced(name, traceparent, async () => activeTrace.getStore() !== undefined)).toBe(n === 1)
    await Promise.resolve()
    expect(spans.length).toBe(n)
  })

  it('one ends behind its reply', async () => {
    const order: string[] = []
    const watching = tracedMethods(openTracer(() => order.push('ended'), 1))
    watching('create', undefined, async () => {}).then(() => order.push('replied'))
    await new Promise(resolve => setImmediate(resolve))
    expect(order).toEqual(['replied', 'ended'])
  })

  it('one that is refused says why, at once or later', async () => {
    const refuse = (): never => {
      throw new ProtocolError('halted')
    }
    expect(() => traced('create', undefined, refuse)).toThrow()
    await expect(traced('create', undefined, async () => refuse())).rejects.toThrow()
    await expect(
      traced('create', undefined, async () => {
        throw new Error('a fault')
      }),
    ).rejects.toThrow()
    expect(spans.map(({ error }) => error)).toEqual(['halted', 'halted', 'internal'])
  })
})

describe('of HTTP requests', () => {
  const fetch = tracedFetch(tracer, async () => new Response('ok', { status: 201 }))
  it.each([
    ['POST', {}, 1],
    ['GET', {}, 0],
    ['GET', { traceparent: parent() }, 1],
  ] as const)('%s with %j gives %i spans, and says which', async (method, headers, n) => {
    const response = await fetch(new Request('http://here/create?x=1', { method, headers }), undefined)
    expect(spans.map(({ name, attributes }) => [name, attributes])).toEqual(
      n === 0 ? [] : [[`${method} /create`, { 'http.request.method': method, 'url.path': '/create', 'http.response.status_code': 201 }]],
    )
    expect(response.headers.get('traceparent')?.slice(36, 52)).toBe(spans[0]?.spanId)
  })
})
