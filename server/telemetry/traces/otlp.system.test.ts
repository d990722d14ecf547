import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OtlpExporter } from './otlp.ts'
import { requestOf } from './otlpJson.ts'
import type { Span } from './tracer.ts'

const span = (name: string): Span => ({
  ...{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', parentId: '', name, kind: 'server' },
  ...{ from: 1_723_118_400_000.5, to: 1_723_118_400_001.25, attributes: { text: 'a', whole: 7, part: 0.5 }, error: undefined },
})
const spans = (n: number): Span[] => Array.from({ length: n }, (_, i) => span(`s${i}`))

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly names: readonly string[]
}

describe('an exporter', () => {
  let server: Server
  let url: string
  let received: Received[]
  /** Answers in their order; the last one goes on. */
  let answers: { readonly status: number; readonly body?: string }[]
  let exporter: OtlpExporter
  const warned: string[] = []
  const open = (): OtlpExporter =>
    new OtlpExporter({
      ...{ url, headers: { 'api-key': 'secret' }, resource: { 'service.name': 'driftwire' } },
      log: pino({ level: 'warn' }, { write: line => void warned.push(line) }),
    })
  beforeEach(async () => {
    received = []
    answers = [{ status: 200 }]
    warned.length = 0
    server = createServer(async (request, response) => {
      const body = JSON.parse(await text(request)) as { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] }
      received.push({ headers: request.headers, names: body.resourceSpans[0]!.scopeSpans[0]!.spans.map(({ name }) => name) })
      const { status, body: said = '{}' } = answers.length > 1 ? answers.shift()! : answers[0]!
      response.writeHead(status, { 'content-type': 'application/json' }).end(said)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`
    exporter = open()
  })
  afterEach(async () => {
    await exporter.close()
    server.closeAllConnections()
    server.close()
  })

  it('sends what waits within a second, a batch at once, in order', async () => {
    exporter.add(spans(3))
    await expect.poll(() => exporter.figures.exported, { timeout: 3_000 }).toBe(3)
    exporter.add(spans(600))
    await expect.poll(() => exporter.figures.exported).toBe(603)
    expect(received.map(({ names }) => names.length)).toEqual([3, 512, 88])
    expect(received[1]!.names.slice(0, 2)).toEqual(['s0', 's1'])
    expect(received[0]!.headers).toMatchObject({ 'api-key': 'secret', 'content-type': 'application/json' })
  })

  it('sends the same again if the collector is busy', async () => {
    answers = [{ status: 503 }, { status: 429 }, { status: 200 }]
    exporter.add(spans(600))
    await expect.poll(() => exporter.figures).toEqual({ exported: 600, dropped: 0, failures: 2, waiting: 0 })
    expect(received.slice(0, 3).map(({ names }) => names)).toEqual(Array.from({ length: 3 }, () => spans(512).map(({ name }) => name)))
    expect(warned.length).toBe(1)
  })

  it('drops and counts what the collector refuses, in whole or in part', async () => {
    answers = [
      { status: 400, body: 'no' },
      { status: 200, body: '{"partialSuccess":{"rejectedSpans":"5"}}' },
    ]
    exporter.add(spans(600))
    await expect.poll(() => exporter.figures).toEqual({ exported: 83, dropped: 517, failures: 0, waiting: 0 })
    expect(warned.join()).not.toContain('secret')
  })

  it('drops and counts what does not fit while nobody answers, and ends all the same', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/traces`
    silent.closeAllConnections()
    silent.close()
    const away = open()
    for (let i = 0; i < 10; i++) away.add(spans(512))
    expect(away.figures).toMatchObject({ waiting: 4_096, dropped: 1_024 })
    await expect.poll(() => away.figures.failures).toBeGreaterThan(0)
    await away.close()
    expect(away.figures).toMatchObject({ waiting: 0, exported: 0, dropped: 5_120 })
    away.add(spans(1))
    expect(away.figures.dropped).toBe(5_121)
  })

  it('sends what waits when it is closed', async () => {
    exporter.add(spans(2))
    await exporter.close()
    expect(exporter.figures).toEqual({ exported: 2, dropped: 0, failures: 0, waiting: 0 })
  })
})

it('a request has the form of OTLP in JSON', () => {
  expect(
    requestOf([span('create'), { ...span('create'), parentId: '1'.repeat(16), kind: 'internal', error: 'halted' }], {
      'service.name': 'driftwire',
    }),
  ).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'driftwire' } }] },
        scopeSpans: [
          {
            scope: { name: 'driftwire' },
            spans: [
              {
                ...{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', name: 'create', kind: 2, status: {} },
                ...{ startTimeUnixNano: '1723118400000500000', endTimeUnixNano: '1723118400001250000' },
                attributes: [
                  { key: 'text', value: { stringValue: 'a' } },
                  { key: 'whole', value: { intValue: '7' } },
                  { key: 'part', value: { doubleValue: 0.5 } },
                ],
              },
              expect.objectContaining({ parentSpanId: '1'.repeat(16), kind: 1, status: { code: 2, message: 'halted' } }),
            ],
          },
        ],
      },
    ],
  })
})
