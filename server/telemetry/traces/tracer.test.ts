import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { activeTrace } from '../../lib/activeTrace.ts'
import { newId, readTraceparent } from './traceparent.ts'
import { openTracer, type Span } from './tracer.ts'

const spans: Span[] = []
beforeEach(() => {
  spans.length = 0
})
const tracer = openTracer(ended => spans.push(...ended), 1)

describe('a request that is traced', () => {
  it('gives its spans when it has ended, each within the whole and after the one before', async () => {
    const trace = tracer('create', undefined, { transport: 'websocket' })!
    const from = performance.timeOrigin + performance.now()
    await trace.during(async () => {
      await delay(1)
      // As the port of the clearing house does, later and elsewhere.
      activeTrace.getStore()!.command({ begun: from + 0.1, decided: from + 0.2, committed: from + 0.3 })
    })
    expect(spans).toEqual([])
    trace.end({ attributes: { status: 200 } })
    const [whole, ...parts] = spans
    expect(whole).toMatchObject({ name: 'create', kind: 'server', parentId: '', attributes: { transport: 'websocket', status: 200 } })
    expect(parts.map(({ name }) => name)).toEqual(['wait', 'decide', 'commit', 'reply'])
    let at = whole!.from
    for (const part of parts) {
      expect([part.traceId, part.parentId, part.from]).toEqual([whole!.traceId, whole!.spanId, at])
      expect(part.to).toBeGreaterThanOrEqual(part.from)
      at = part.to
    }
    expect(at).toBe(whole!.to)
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(5)
  })

  it('belongs to the trace that came with it, and names itself to others', () => {
    const parent = `00-${newId(16)}-${newId(8)}-01`
    const trace = tracer('create', parent, {})!
    trace.end({ error: 'halted', name: 'other' })
    trace.end()
    const { traceId, spanId } = readTraceparent(parent)!
    expect(spans).toEqual([expect.objectContaining({ traceId, parentId: spanId, error: 'halted', name: 'other' })])
    expect(readTraceparent(trace.traceparent)).toEqual({ traceId, spanId: spans[0]!.spanId, sampled: true })
  })

  it('keeps times of threads whose clocks differ in order', () => {
    const trace = tracer('create', undefined, {})!
    trace.command({ begun: 0, decided: Number.MAX_SAFE_INTEGER, committed: 5 })
    trace.end()
    for (const { from, to } of spans) expect(to).toBeGreaterThanOrEqual(from)
    expect(Math.max(...spans.map(({ to }) => to))).toBe(spans[0]!.to)
  })

  it('has no more commands than a trace can show', () => {
    const trace = tracer('import', undefined, {})!
    for (let i = 0; i < 1_000; i++) trace.command({ begun: 0, decided: 0, committed: 0 })
    trace.end()
    expect(spans.length).toBe(1 + 3 * 32 + 1)
  })
})

describe('of all requests', () => {
  it('those are traced that the one before has chosen', () => {
    const never = openTracer(() => {}, 0)
    const parent = `00-${newId(16)}-${newId(8)}-01`
    const { traceId } = readTraceparent(parent)!
    expect(readTraceparent(never('create', parent, {})!.traceparent)).toMatchObject({ traceId, sampled: true })
    expect(never('create', undefined, {})).toBeUndefined()
    expect(tracer('create', `00-${newId(16)}-${newId(8)}-00`, {})).toBeUndefined()
  })

  it('the part is traced that was asked for', () => {
    const some = openTracer(() => {}, 0.25)
    const traced = Array.from({ length: 4_000 }, () => some('create', undefined, {})).filter(trace => trace !== undefined)
    expect(traced.length).toBeGreaterThan(800)
    expect(traced.length).toBeLessThan(1_200)
  })
})
