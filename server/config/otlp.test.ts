import { describe, expect, it } from 'vitest'
import { readOtlp } from './otlp.ts'

describe('where traces go', () => {
  it.each([
    [undefined, {}, undefined],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
    ['http://127.0.0.1:4318', {}, 'http://127.0.0.1:4318/v1/traces'],
    ['http://127.0.0.1:4318/v1/traces', {}, 'http://127.0.0.1:4318/v1/traces'],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp/' }, 'https://collector.example/otlp/v1/traces'],
    ['http://a', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b' }, 'http://a/v1/traces'],
  ])('%s beside %j: %s', (option, environment, url) => {
    expect(readOtlp(option, environment)?.url).toBe(url)
  })

  it('has the headers, the name and the part that the variables of OpenTelemetry say', () => {
    const environment = { OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%3Db, x=1', OTEL_SERVICE_NAME: 'desk', OTEL_TRACES_SAMPLER_ARG: '0.05' }
    expect(readOtlp('http://a', environment)).toMatchObject({ headers: { 'api-key': 'a=b', x: '1' }, service: 'desk', ratio: 0.05 })
    expect(readOtlp('http://a', {})).toMatchObject({ headers: {}, service: 'driftwire', ratio: 1 })
  })

  it.each([
    ['collector:4318', {}, '--otlp: found "collector:4318", expected an http or https URL, such as http://127.0.0.1:4318'],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'x' }, 'OTEL_EXPORTER_OTLP_ENDPOINT: found "x", expected an http or https URL'],
    ['http://a', { OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG: found "2", expected a number from 0 to 1'],
    ['http://a', { OTEL_EXPORTER_OTLP_HEADERS: 'a=1,secret' }, 'found no name in pair 2, expected name=value,name=value'],
  ])('%s beside %j is refused', (option, environment, why) => {
    expect(() => readOtlp(option, environment)).toThrow(why)
  })
})
