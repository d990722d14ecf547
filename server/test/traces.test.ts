import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { engineReady, newUser, PASSWORD, send, stateOnce, type User } from './clearingKit.ts'
import { type ProtocolServer, SETUPS } from './protocolKit.ts'

/** Traces of commands at a collector on this machine, of one process and over two. */

const CONFIG = {
  funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } }, creationUnit: '10' }],
  feeds: ['sim:7'],
}
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const traceparent = `00-${TRACE}-${SPAN}-01`

interface Exported {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code?: number; readonly message?: string }
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, string> }[]
  /** `driftwire.role` of the process. */
  role: string
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Exported['attributes'] }
    readonly scopeSpans: readonly { readonly spans: readonly Exported[] }[]
  }[]
}

describe.each(SETUPS)('a command %s', (setup, start) => {
  const isAlone = setup === 'in one process'
  let collector: Server
  let server: ProtocolServer
  let ann: User
  let spans: Exported[] = []
  beforeAll(async () => {
    collector = createServer(async (request, response) => {
      for (const { resource, scopeSpans } of (JSON.parse(await text(request)) as ExportRequest).resourceSpans) {
        const role = resource.attributes.find(({ key }) => key === 'driftwire.role')!.value.stringValue!
        spans.push(...scopeSpans.flatMap(scope => scope.spans.map(span => ({ ...span, role }))))
      }
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await once(collector, 'listening')
    server = await start(CONFIG, '--otlp', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`)
    await stateOnce(server, 'fund:ONE', ({ nav }) => nav !== undefined)
    await engineReady(server)
    ann = await newUser(server, 'ann', { BTC: '100', ETH: '400' })
  })
  afterAll(async () => {
    await server.stop()
    collector.closeAllConnections()
    collector.close()
  })
  beforeEach(() => {
    spans = []
  })

  /** Returns the spans of a trace, as soon as there are `n`. */
  const traceOf = async (id: string, n: number): Promise<Exported[]> => {
    await expect.poll(() => spans.filter(({ traceId }) => traceId === id).length, { timeout: 5_000 }).toBe(n)
    return spans.filter(({ traceId }) => traceId === id)
  }
  /** Over two processes there is one span more: that of the core. */
  const all = isAlone ? 5 : 6

  const holds = (trace: readonly Exported[], name: string): void => {
    const outer = trace.find(({ parentSpanId }) => parentSpanId === SPAN)!
    expect([outer.name, outer.role]).toEqual([name, isAlone ? 'all' : 'gateway'])
    const inner = isAlone ? outer : trace.find(({ parentSpanId }) => parentSpanId === outer.spanId)!
    expect([inner.name, inner.role]).toEqual([name, isAlone ? 'all' : 'core'])
    const steps = trace.filter(({ parentSpanId, name: of }) => parentSpanId === inner.spanId && of !== name)
    expect(steps.map(step => step.name)).toEqual(['wait', 'decide', 'commit', 'reply'])
    const times = steps.flatMap(({ startTimeUnixNano, endTimeUnixNano }) => [BigInt(startTimeUnixNano), BigInt(endTimeUnixNano)])
    expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
    // A commit waits for the disk.
    const [commit] = steps.filter(step => step.name === 'commit')
    expect(Number(BigInt(commit!.endTimeUnixNano) - BigInt(commit!.startTimeUnixNano))).toBeGreaterThan(10_000)
  }

  it('by websocket is a trace from its receipt to its reply, within that of the client', async () => {
    const params = { fund: 'ONE', amount: '10', key: 'first' }
    const reply = await ann.socket.exchange(JSON.stringify({ jsonrpc: '2.0', id: 'a', method: 'create', params, traceparent }))
    expect(reply.error).toBeUndefined()
    holds(await traceOf(TRACE, all), 'create')
  })

  it('by HTTP is one, too, and the answer says which', async () => {
    const headers = {
      authorization: `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`,
      'idempotency-key': 'second',
      traceparent,
    }
    const { status, headers: given } = await send(server, 'POST', '/create', { etf_name: 'ONE', amount: '10' }, headers)
    expect(status).toBe(200)
    const trace = await traceOf(TRACE, all)
    holds(trace, 'POST /create')
    expect(given.get('traceparent')).toMatch(new RegExp(`^00-${TRACE}-[\\da-f]{16}-01$`))
  })

  it('that is refused says why; it has no name, password or token in it', async () => {
    const params = { fund: 'ONE', amount: '11', key: 'third' }
    await ann.socket.exchange(JSON.stringify({ jsonrpc: '2.0', id: 'b', method: 'create', params, traceparent }))
    await ann.socket.exchange(
      JSON.stringify({ jsonrpc: '2.0', id: 'c', method: 'login', params: { username: 'ann', password: 'guessed' }, traceparent }),
    )
    await expect.poll(() => spans.filter(({ parentSpanId }) => parentSpanId === SPAN).length, { timeout: 5_000 }).toBe(2)
    const refused = spans.filter(({ parentSpanId }) => parentSpanId === SPAN)
    expect(refused.map(({ status }) => status.message)).toEqual(['not_whole_units', 'bad_credentials'])
    expect(JSON.stringify(spans)).not.toMatch(/ann|guessed|correct horse/)
  })

  it('without a traceparent begins a trace; questions and those who want none have none', async () => {
    await ann.socket.ask('holdings')
    await ann.socket.exchange(
      JSON.stringify({ jsonrpc: '2.0', id: 'd', method: 'holdings', params: {}, traceparent: traceparent.replace(/01$/, '00') }),
    )
    await ann.socket.ask('create', { fund: 'ONE', amount: '10', key: 'fourth' })
    await expect
      .poll(() => spans.some(({ name, parentSpanId }) => name === 'create' && parentSpanId === undefined), { timeout: 5_000 })
      .toBe(true)
    expect(spans.filter(({ name, traceId }) => name === 'holdings' || traceId === TRACE)).toEqual([])
  })

  it('counts what it sent', async () => {
    const figure = async (): Promise<number> =>
      Number(/^driftwire_traces_exported_total (\d+)$/m.exec(await (await server.fetch('/metrics')).text())?.[1])
    await expect.poll(figure).toBeGreaterThan(5)
  })
})
