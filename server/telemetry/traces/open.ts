import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { OtlpSettings } from '../../config/otlp.ts'
import { packageVersion } from '../../lib/packageVersion.ts'
import { OtlpExporter, type OtlpFigures } from './otlp.ts'
import { type Fetch, type Traced, tracedFetch, tracedMethods } from './requests.ts'
import { openTracer } from './tracer.ts'

/** The tracing of a process. */
export interface Tracing {
  /** Traces methods of websockets. */
  readonly methods: Traced
  /** Returns what answers HTTP requests, traced. */
  fetch<I>(fetch: Fetch<I>): Fetch<I>
  readonly figures: () => OtlpFigures
  /** Sends what waits. */
  close(): Promise<void>
}

/** Opens the tracing of a process that has this role. */
export const openTracing = ({ url, headers, service, ratio }: OtlpSettings, role: string, log: Logger): Tracing => {
  const resource = {
    'service.name': service,
    'service.version': packageVersion(),
    'service.instance.id': `${hostname()}:${process.pid}`,
    'driftwire.role': role,
  }
  const exporter = new OtlpExporter({ url, headers, resource, log })
  const tracer = openTracer(exporter.add, ratio)
  return {
    methods: tracedMethods(tracer),
    fetch: fetch => tracedFetch(tracer, fetch),
    figures: () => exporter.figures,
    close: () => exporter.close(),
  }
}
