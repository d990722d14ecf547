import { randomBytes } from 'node:crypto'

/** Where a span belongs: https://www.w3.org/TR/trace-context/. Ids are in lower-case hex. */
export interface TraceContext {
  /** 16 bytes. */
  readonly traceId: string
  /** 8 bytes: the span that is the parent of what follows. */
  readonly spanId: string
  readonly sampled: boolean
}

const FORM = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/

/** Reads a `traceparent`. Returns undefined if it is none: then, as the standard has it, a new trace begins. */
export const readTraceparent = (text: string | undefined): TraceContext | undefined => {
  const [, traceId, spanId, flags, more] = FORM.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  // Version 0 has nothing after the flags.
  if (more !== undefined && text!.startsWith('00')) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Returns a context as a `traceparent`. */
export const traceparentOf = ({ traceId, spanId, sampled }: TraceContext): string => `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`

/** Returns a new id in hexadecimal, of `bytes` bytes that are not all zero. */
export const newId = (bytes: 8 | 16): string => {
  const id = randomBytes(bytes)
  if (id.every(byte => byte === 0)) id[0] = 1
  return id.toString('hex')
}
