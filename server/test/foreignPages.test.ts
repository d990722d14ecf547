import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from './clearingKit.ts'
import type { State } from './protocolClient.ts'
import { ProtocolServer } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

const LISTED = 'https://pages.example.org'

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

interface Came {
  readonly status: number
  readonly code: unknown
}

/** Sends a request as it is: a browser's headers, which `fetch` does not let anybody set. */
const send = (port: number, path: string, { method = 'POST', headers = {}, body = '' }: Sent): Promise<Came> =>
  new Promise((resolve, reject) => {
    const out = request({ port, path, method, headers: { 'content-length': Buffer.byteLength(body), ...headers } }, answer => {
      let text = ''
      answer.on('data', data => {
        text += data
      })
      answer.on('end', () => {
        const json = /json/.test(answer.headers['content-type'] ?? '') ? (JSON.parse(text) as State) : {}
        resolve({ status: answer.statusCode!, code: json.code })
      })
    })
    out.on('error', reject)
    out.end(body)
  })

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const form = (username: string, password = PASSWORD): string => new URLSearchParams({ username, password }).toString()
const REFUSED = { status: 403, code: 'not_allowed' }

overTransports('a page of another site', transport => {
  let server: ProtocolServer
  beforeAll(async () => {
    server = await ProtocolServer.start({ origins: [LISTED], feeds: ['sim:7'] }, '--transport', transport)
  })
  afterAll(() => server.stop())
  let users = 0
  const someone = (): string => `${transport}-foreign-${++users}`

  it.each([
    ['by its origin', { origin: 'https://evil.example.org' }],
    ['by an origin that hides itself', { origin: 'null' }],
    ['by an origin with another port', { origin: 'http://127.0.0.1:1' }],
    ['by an origin that only looks like a listed one', { origin: `${LISTED}.evil.example` }],
    ['by what its browser says of it', { 'sec-fetch-site': 'cross-site' }],
  ])('is known %s, and registers nobody', async (_, headers: Record<string, string>) => {
    const name = someone()
    expect(await send(server.port, '/register', { headers: { ...FORM, ...headers }, body: form(name) })).toEqual(REFUSED)
    // The name is still free.
    expect(await send(server.port, '/register', { headers: FORM, body: form(name) })).toMatchObject({ status: 200 })
  })

  it.each([
    ['user information', (own: string) => own.replace('//', '//user@')],
    ['a path', (own: string) => `${own}/a`],
    ['a slash', (own: string) => `${own}/`],
    ['another scheme', (own: string) => own.replace('http:', 'javascript:')],
    ['another scheme of the web', (own: string) => own.replace('http:', 'https:')],
  ])('that puts %s into the server’s own origin is not taken for its own', async (_, forge) => {
    const origin = forge(`http://127.0.0.1:${server.port}`)
    const headers = { ...FORM, host: `127.0.0.1:${server.port}`, origin }
    expect(await send(server.port, '/register', { headers, body: form(someone()) })).toEqual(REFUSED)
    await expect(server.client({ origin })).rejects.toThrow('403')
  })

  it('cannot lock its visitor out by wrong logins', async () => {
    const name = someone()
    expect(await send(server.port, '/register', { headers: FORM, body: form(name) })).toMatchObject({ status: 200 })
    const headers = { ...FORM, origin: 'https://evil.example.org' }
    for (let i = 0; i < 12; i++) expect(await send(server.port, '/v1/login', { headers, body: form(name, 'guess 12345') })).toEqual(REFUSED)
    expect(await send(server.port, '/v1/login', { headers: FORM, body: form(name) })).toMatchObject({ status: 200 })
  })

  it('may link to the pages and load the client, but asks for nothing', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' }
    for (const path of ['/', '/funds/TOP10', '/client.js'])
      expect(await send(server.port, path, { method: 'GET', headers })).toMatchObject({ status: 200 })
    for (const path of ['/v1/session', '/metrics', '/v1/funds'])
      expect(await send(server.port, path, { method: 'GET', headers })).toEqual(REFUSED)
    expect(await send(server.port, '/', { headers })).toEqual(REFUSED)
  })

  it('asks like the server’s own page if it is listed', async () => {
    const host = `127.0.0.1:${server.port}`
    for (const origin of [LISTED, `http://${host}`]) {
      const headers = { ...FORM, host, origin, 'sec-fetch-site': origin === LISTED ? 'cross-site' : 'same-origin' }
      expect(await send(server.port, '/register', { headers, body: form(someone()) })).toMatchObject({ status: 200 })
    }
  })

  it('cannot hide that it sends JSON: a body must say its type', async () => {
    for (const headers of [{}, { 'content-type': 'text/plain' }])
      expect(await send(server.port, '/register', { headers, body: JSON.stringify({ username: someone(), password: PASSWORD }) })).toEqual({
        status: 415,
        code: 'unsupported_media_type',
      })
  })
})

describe('a server with listed hosts, behind a proxy', () => {
  let server: ProtocolServer
  beforeAll(async () => {
    server = await ProtocolServer.start({ hosts: ['desk.example'], feeds: ['sim:7'] }, '--host', '0.0.0.0', '--behind-tls')
  })
  afterAll(() => server.stop())

  it.each([
    ['desk.example', 200],
    ['10.1.2.3:8080', 200],
    ['localhost', 200],
    ['evil.example', 403],
    ['desk.example.evil.example', 403],
  ])('asked as %s answers %i', async (host, status) => {
    expect(await send(server.port, '/v1/session', { method: 'GET', headers: { host } })).toMatchObject({ status })
  })
})
