import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { hurriedEnvironment, type SourceAnswer, SourceServer } from '../../test/sourceServer.ts'
import { SourceClient, type SourceOptions } from './sourceClient.ts'
import { SourceError } from './sourceError.ts'

const START = Date.UTC(2026, 0, 1)
const KEY = 'a-very+secret/key'
const FORM = z.object({ count: z.number() })

let server: SourceServer
beforeAll(async () => {
  server = await SourceServer.start()
})
afterAll(() => server.close())
beforeEach(() => server.begin(() => ({ body: { count: 7 } })))

const opened = (options: Partial<SourceOptions> = {}) => {
  const environment = hurriedEnvironment(START)
  const rate = { perMinute: 6_000, burst: 100 }
  const url = `${server.url}/v3/keyInThePath`
  const client = new SourceClient({ source: 'test', url, secrets: [KEY], rate, environment, answerMs: 1_000, ...options })
  const ask = () => client.ask({ path: '/count', query: { apikey: KEY }, form: FORM, signal: new AbortController().signal })
  return { client, ask, waits: environment.waits }
}

const failure = async (asked: Promise<unknown>): Promise<SourceError> => {
  const error = await asked.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(SourceError)
  return error as SourceError
}

describe('a source', () => {
  it('is asked with its key, and read', async () => {
    const { ask, client } = opened()
    expect((await ask()).value).toEqual({ count: 7 })
    expect(server.asked[0]!.url.href).toBe(`${server.url}/v3/keyInThePath/count?apikey=a-very%2Bsecret%2Fkey`)
    expect(client.figures).toEqual({ requests: 1, retries: 0, unchanged: 0 })
  })

  it.each<[string, SourceAnswer, number]>([
    ['an answer that is being computed', { status: 202 }, 1_000],
    ['too many requests, told how long to wait', { status: 429, headers: { 'retry-after': '77' } }, 77_000],
    ['too many requests, told a date', { status: 429, headers: { 'retry-after': new Date(START + 90_000).toUTCString() } }, 90_000],
    ['too many requests, told nothing', { status: 429 }, 1_000],
    [
      'a quota that is used up until a time',
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(START / 1000 + 60) } },
      60_000,
    ],
    ['a fault of the server', { status: 503 }, 1_000],
    ['half a JSON', 'cut', 1_000],
    ['an empty answer', 'empty', 1_000],
    ['no answer', 'silence', 1_000],
    ['a page in place of an answer', 'page', 1_000],
    ['an answer of another form', { body: { count: 'many' } }, 1_000],
  ])('is asked again after %s', async (_, fault, wait) => {
    server.faults = [fault]
    const { ask, client, waits } = opened()
    expect((await ask()).value).toEqual({ count: 7 })
    expect(waits).toEqual([wait])
    expect(client.figures).toMatchObject({ requests: 2, retries: 1 })
  })

  it('is given up after five attempts, each after a longer wait and within the budget', async () => {
    server.faults = Array(9).fill({ status: 502 })
    const { ask, waits } = opened({ rate: { perMinute: 12, burst: 1 } })
    expect((await failure(ask())).status).toBe(502)
    expect(server.asked.length).toBe(5)
    // Of 5,000 ms between two requests those are left that the wait has not used up.
    expect(waits).toEqual([1_000, 4_000, 3_000, 2_000, 10_000, 30_000])
  })

  it('is given up at once if it asks to wait for longer than two minutes', async () => {
    server.faults = [{ status: 429, headers: { 'retry-after': '86400' } }]
    expect((await failure(opened().ask())).message).toContain('it asks to wait 86400 s')
    expect(server.asked.length).toBe(1)
  })

  it.each([400, 401, 403, 404, 422, 301])('is not asked again after %i', async status => {
    server.faults = [{ status, headers: { location: `${server.url}/elsewhere` }, body: { message: 'not so' } }]
    const error = await failure(opened().ask())
    expect([error.status, server.asked.length]).toEqual([status, 1])
    expect(error.message).toBe(`test at ${new URL(server.url).host}: ${status} not so`)
  })

  it.each<[SourceAnswer]>([
    [{ status: 400, body: { message: `the key ${KEY}\nof keyInThePath is wrong` } }],
    [{ status: 400, body: { error: { message: encodeURIComponent(KEY) } } }],
    [{ status: 401, body: { error: `apikey=${KEY}` } }],
  ])('names no key in an error, though it says it: %j', async fault => {
    server.faults = [fault]
    const { message } = await failure(opened().ask())
    expect(message).not.toMatch(/secret|keyInThePath|\n/)
    expect(message).toContain('[redacted]')
  })

  it('keeps its name in an error, also if a part of its address is like it, and says that it leads elsewhere', async () => {
    server.faults = [{ status: 302, headers: { location: `${server.url}/elsewhere` } }]
    const { message } = await failure(opened({ source: 'chain:keyInThePath' }).ask())
    expect(message).toBe(`chain:keyInThePath at ${new URL(server.url).host}: 302 found a redirection, which is not followed`)
    expect(server.asked.length).toBe(1)
  })

  it('that cannot be reached is named by its host', async () => {
    const gone = await SourceServer.start()
    const { url } = gone
    await gone.close()
    const { message, status } = await failure(opened({ url: `${url}/keyInThePath` }).ask())
    expect([message, status]).toEqual([`test at ${new URL(url).host}: found no answer (ECONNREFUSED)`, undefined])
  })

  it('that refuses with status 200 is asked again if that may help, and else is an error', async () => {
    const refusal = (body: unknown) => {
      const { error } = Object(body) as { error?: string }
      return error === undefined ? undefined : { why: error, again: error === 'busy' }
    }
    server.faults = [{ body: { error: 'busy' } }, undefined, { body: { error: `no such thing as ${KEY}` } }]
    const { ask } = opened({ refusal })
    expect((await ask()).value).toEqual({ count: 7 })
    expect((await failure(ask())).message).toMatch(/: no such thing as \[redacted\]$/)
    expect(server.asked.length).toBe(3)
  })

  it('that says that nothing has changed is read as before', async () => {
    server.begin(({ headers }) =>
      headers['if-none-match'] === '"7"' ? { status: 304 } : { headers: { etag: '"7"', link: '<x>; rel="last"' }, body: { count: 7 } },
    )
    const { ask, client } = opened({ keeps: true })
    const first = await ask()
    expect(await ask()).toMatchObject(first)
    expect(client.figures).toEqual({ requests: 2, retries: 0, unchanged: 1 })
  })

  it('whose answer does not end is given up at the bound, once', async () => {
    server.begin(() => ({ body: 'x'.repeat(65 * 1024 * 1024) }))
    const error = await failure(opened({ answerMs: 30_000 }).ask())
    expect([error.message, error.tooMuch]).toEqual([`test at ${new URL(server.url).host}: found an answer that is too long`, true])
    expect(server.asked.length).toBe(1)
  })

  it('is not waited for when it is ended', async () => {
    server.faults = ['silence']
    const stop = new AbortController()
    const asked = opened({ answerMs: 60_000 }).client.ask({ form: FORM, signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
  })
})
