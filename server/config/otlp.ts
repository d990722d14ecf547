import { UsageError } from './options.ts'

/** Where traces of commands go. */
export interface OtlpSettings {
  /** Of the collector's HTTP endpoint for traces. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The name of the service in traces. */
  readonly service: string
  /** The part of the requests that is traced, if nobody before has decided. */
  readonly ratio: number
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads where traces go, from the option or the variables that OpenTelemetry has for all programs; undefined if nobody asks for traces. Throws
 * UsageError. Values of headers are secrets: no message has one.
 */
export const readOtlp = (option: string | undefined, environment: Environment): OtlpSettings | undefined => {
  const [name, base] = option === undefined ? ['OTEL_EXPORTER_OTLP_ENDPOINT', environment.OTEL_EXPORTER_OTLP_ENDPOINT] : ['--otlp', option]
  if (!base) return undefined
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
    throw new UsageError(`${name}: found "${base}", expected an http or https URL, such as http://127.0.0.1:4318`)
  return {
    url: `${base.replace(/\/+$/, '').replace(/\/v1\/traces$/, '')}/v1/traces`,
    headers: readHeaders(environment.OTEL_EXPORTER_OTLP_HEADERS ?? ''),
    service: environment.OTEL_SERVICE_NAME || 'driftwire',
    ratio: readRatio(environment.OTEL_TRACES_SAMPLER_ARG || '1'),
  }
}

/** `name=value,name=value`, values percent-encoded. */
const readHeaders = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .filter(pair => pair.trim() !== '')
      .map((pair, i) => {
        const at = pair.indexOf('=')
        const name = pair.slice(0, at).trim()
        if (at < 1 || !/^[\w-]+$/.test(name))
          throw new UsageError(`OTEL_EXPORTER_OTLP_HEADERS: found no name in pair ${i + 1}, expected name=value,name=value`)
        return [name, decoded(pair.slice(at + 1).trim())]
      }),
  )

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

const readRatio = (text: string): number => {
  const ratio = Number(text)
  if (!/^\d*\.?\d+$/.test(text) || ratio > 1)
    throw new UsageError(`OTEL_TRACES_SAMPLER_ARG: found "${text}", expected a number from 0 to 1`)
  return ratio
}
