import type { Logger } from 'pino'
import type { Settings } from '../config/settings.ts'
import type { Tracing } from '../telemetry/traces/open.ts'

/** Opens the tracing of a process if its settings ask for it. Otherwise no code of it is loaded. */
export const openTracingOf = async ({ otlp, role }: Settings, log: Logger): Promise<Tracing | undefined> => {
  if (otlp === undefined) return undefined
  const { openTracing } = await import('../telemetry/traces/open.ts')
  return openTracing(otlp, role, log.child({ module: 'traces' }))
}
