import type { Attributes, Span } from './tracer.ts'

/** ExportTraceServiceRequest in the JSON encoding of OTLP: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */

/** `SpanKind` and `StatusCode` of OTLP. */
const KIND = { internal: 1, server: 2 } as const
const FAILED = 2

/** Returns the body of a request that exports spans. */
export const requestOf = (spans: readonly Span[], resource: Attributes): object => ({
  resourceSpans: [
    { resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope: { name: 'driftwire' }, spans: spans.map(spanOf) }] },
  ],
})

const spanOf = ({ traceId, spanId, parentId, name, kind, from, to, attributes, error }: Span): object => ({
  traceId,
  spanId,
  ...(parentId !== '' && { parentSpanId: parentId }),
  name,
  kind: KIND[kind],
  startTimeUnixNano: nanoseconds(from),
  endTimeUnixNano: nanoseconds(to),
  attributes: attributesOf(error === undefined ? attributes : { ...attributes, 'error.type': error }),
  status: error === undefined ? {} : { code: FAILED, message: error },
})

const attributesOf = (attributes: Attributes): object[] =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    // 64-bit integers are texts in JSON.
    value:
      typeof value === 'string' ? { stringValue: value } : Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value },
  }))

/** A double has no more than microseconds of the time since 1970. */
const nanoseconds = (ms: number): string => `${Math.round(ms * 1_000)}000`
