import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Hono } from 'hono'
import { expect, it, vi } from 'vitest'
import { handshake, Inbox, overTransports, servers, type TestHandlers } from './transportKit.ts'

type Answer = NonNullable<TestHandlers['http']>

/** Says what it was asked, and by whom. */
const echo: Answer = async (asked, { remoteAddress }) =>
  Response.json({ method: asked.method, url: asked.url, a: asked.headers.get('x-a'), body: await asked.text(), remoteAddress })

const LIMIT = 100_000

overTransports('HTTP', kind => {
  const serve = servers(kind)

  it.each([
    ['GET', undefined],
    ['POST', 'a body'],
    ['POST', ''],
    ['PUT', 'ü'.repeat(30_000)],
    ['PATCH', 'p'],
    ['DELETE', 'd'],
    ['OPTIONS', undefined],
  ])('gives the application a %s request as it came', async (method, body) => {
    const served = await serve({ http: echo })
    const response = await fetch(served.url('/v1//b%2Fc?q=%20x&y'), { method, body: body ?? null, headers: { 'x-a': 'one, two' } })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({
      method,
      url: served.url('/v1//b%2Fc?q=%20x&y'),
      a: 'one, two',
      body: body ?? '',
      remoteAddress: '127.0.0.1',
    })
  })

  it.each([
    ['/static/../etc/passwd', '/etc/passwd'],
    ['/static/%2e%2e/etc/passwd', '/etc/passwd'],
    ['//elsewhere.example/x', '//elsewhere.example/x'],
    ['/@elsewhere.example/x', '/@elsewhere.example/x'],
    ['/ws', '/ws'],
    ['/ws/', '/ws/'],
    ['/a?b=//c#d', '/a?b=//c'],
  ])('reads the target %s as a path of its own host', async (target, seen) => {
    const served = await serve({ http: asked => new Response(asked.url) })
    const raw = await served.raw(`GET ${target} HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n`).all
    expect(raw.split('\r\n\r\n')[1]).toBe(`http://localhost:1${seen}`)
  })

  it.each([
    ['a host with a user', 'GET / HTTP/1.1\r\nHost: me@elsewhere\r\n\r\n', 400],
    ['a host with a path', 'GET / HTTP/1.1\r\nHost: elsewhere/x\r\n\r\n', 400],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['a method that no application serves', 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a length and chunks', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['a chunk of no length', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n', 400],
  ])('refuses %s, and goes on', async (_, text, status) => {
    const asked = vi.fn(() => new Response('hello'))
    const served = await serve({ http: asked })
    const raw = await served.raw(text).all
    expect(raw).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\nConnection: close\\r\\n`, 'is'))
    expect(asked).not.toHaveBeenCalled()
    expect(await (await fetch(served.url())).text()).toBe('hello')
  })

  it('refuses what it has to refuse itself as RFC 9457 says', async () => {
    const served = await serve()
    const raw = await served.raw('GET / HTTP/1.1\r\nHost: me@elsewhere\r\n\r\n').all
    expect(raw).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/i)
    expect(JSON.parse(raw.split('\r\n\r\n')[1]!)).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'invalid_request',
      retry: false,
      detail: '"Host" is not the name of one host',
    })
  })

  it.each([
    ['with its length', LIMIT + 1, false],
    ['in chunks', LIMIT + 1, true],
    ['with its length, far too large', 50 * LIMIT, false],
    ['in chunks, far too large', 50 * LIMIT, true],
  ])('answers 413 to a body that is too large, sent %s, without asking the application', async (_, size, chunked) => {
    const asked = vi.fn(() => new Response('hello'))
    const served = await serve({ http: asked }, { maxBody: LIMIT })
    const req = request(served.url(), { method: 'POST', headers: chunked ? {} : { 'content-length': size } })
    req.on('error', () => {})
    const answered = once(req, 'response')
    for (let sent = 0; sent < size && !req.destroyed; sent += LIMIT) req.write(Buffer.alloc(Math.min(LIMIT, size - sent)))
    req.end()
    const [res] = await answered
    expect(res.statusCode).toBe(413)
    expect(res.headers['content-type']).toBe('application/problem+json')
    expect(asked).not.toHaveBeenCalled()
  })

  it.each([
    ['two lengths of the same value', 'Content-Length: 2\r\nContent-Length: 2\r\n'],
    ['a length beside chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'],
    ['two hosts', 'Host: b\r\n'],
  ])('ends the connection of a request with %s, and reads nothing more of it', async (_, headers) => {
    const asked = vi.fn(() => new Response('asked'))
    const served = await serve({ http: asked })
    const raw = served.raw(`POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n{}`)
    await raw.until('HTTP/1.1 400')
    raw.tcp.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect((await raw.all).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400'])
    expect(asked).not.toHaveBeenCalled()
  })

  it.each([
    ['its own', 'proxy-7/a.b', 'proxy-7/a.b'],
    ['a new one, if its own is none', 'x'.repeat(200), /^[\w-]{36}$/],
    ['a new one, if it has none', undefined, /^[\w-]{36}$/],
  ])('names a request by %s, in the answer, to the application and in the log', async (_, given, expected) => {
    const ids: string[] = []
    const served = await serve({
      http: (request, { requestId }) => {
        ids.push(requestId, request.headers.get('x-request-id')!)
        if (request.url.endsWith('/fails')) throw new Error('a fault')
        return new Response('asked')
      },
    })
    const headers = given === undefined ? {} : { 'x-request-id': given }
    const fine = await fetch(served.url(), { headers })
    const failed = await fetch(served.url('/fails'), { headers })
    const [id, alsoId] = [fine, failed].map(({ headers }) => headers.get('x-request-id')!)
    for (const one of [id, alsoId]) expect(one).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
    expect(ids).toEqual([id, id, alsoId, alsoId])
    expect(await failed.json()).toMatchObject({ code: 'internal', requestId: alsoId })
    expect(served.logged).toMatchObject([{ msg: 'a request failed', requestId: alsoId, path: '/fails' }])
  })

  it('says to browsers that an answer is no page, is not framed and not kept, unless it says otherwise itself', async () => {
    const served = await serve(
      {
        http: request =>
          new URL(request.url).pathname === '/page'
            ? new Response('', { headers: { 'content-security-policy': "default-src 'self'", 'cache-control': 'no-cache' } })
            : new Response('{}'),
      },
      { behindTls: true },
    )
    const headersOf = async (path: string) => Object.fromEntries((await fetch(served.url(path))).headers)
    const always = {
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
    }
    expect(await headersOf('/v1/funds')).toMatchObject({
      ...always,
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-frame-options': 'DENY',
    })
    const page = await headersOf('/page')
    expect(page).toMatchObject({ ...always, 'cache-control': 'no-cache', 'content-security-policy': "default-src 'self'" })
    expect(page).not.toHaveProperty('x-frame-options')
    const refused = await served.raw('GET / HTTP/1.1\r\nHost: a b\r\n\r\n').all
    expect(refused).toMatch(/\r\nx-content-type-options: nosniff\r\n/i)
  })

  it('takes a body of just the limit', async () => {
    const served = await serve({ http: async asked => new Response(String((await asked.bytes()).length)) }, { maxBody: LIMIT })
    expect(await (await fetch(served.url(), { method: 'POST', body: Buffer.alloc(LIMIT) })).text()).toBe(String(LIMIT))
  })

  it('answers 503 to a large body when too many are being sent already, and later takes it', async () => {
    const served = await serve({ http: async asked => new Response(String((await asked.arrayBuffer()).byteLength)) }, { maxBody: LIMIT })
    const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${LIMIT}\r\n\r\n`
    const unfinished = Array.from({ length: 20 }, () => served.raw(head + 'x'.repeat(LIMIT - 1)))
    const all = 'x'.repeat(LIMIT)
    await vi.waitFor(async () => expect((await fetch(served.url(), { method: 'POST', body: all })).status).toBe(503))
    expect((await fetch(served.url(), { method: 'POST', body: 'small' })).status).toBe(200)
    for (const { tcp } of unfinished) tcp.resetAndDestroy()
    await vi.waitFor(async () => expect((await fetch(served.url(), { method: 'POST', body: all })).status).toBe(200))
  })

  it('lets a client that asks first go on', async () => {
    const served = await serve({ http: echo })
    const raw = served.raw('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n')
    expect(await raw.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    raw.tcp.write('body')
    expect(await raw.all).toMatch(/"body":"body"/)
  })

  it('answers a short body with its length, and an empty one with 0', async () => {
    const served = await serve({ http: asked => new Response(asked.url.endsWith('empty') ? null : 'hällo', { headers: { 'x-b': 'é' } }) })
    const raw = await served.raw('GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').all
    expect(raw).toMatch(/\r\ncontent-length: 6\r\n/i)
    expect(raw).toMatch(/\r\nx-b: é\r\n/)
    expect(raw).toMatch(/\r\ndate: \w{3}, /i)
    expect(raw).not.toMatch(/uwebsockets|transfer-encoding/i)
    const empty = await served.raw('GET /empty HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').all
    expect(empty).toMatch(/\r\ncontent-length: 0\r\n/i)
  })

  it('answers HEAD with the head of GET and nothing after it', async () => {
    const app = new Hono().get('/a', c => c.body('hello', 200, { 'content-length': '5', 'x-b': 'c' }))
    const served = await serve({ http: asked => app.fetch(asked) })
    const raw = served.raw('HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n')
    await raw.until('\r\n\r\n')
    raw.tcp.write('HEAD /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const [found, missing, rest] = (await raw.all).split('\r\n\r\n')
    expect(found).toMatch(/^HTTP\/1\.1 200 OK\r\n.*content-length: 5/is)
    expect(found).toMatch(/x-b: c/)
    expect(missing).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
    expect(rest).toBe('')
  })

  it.each([204, 304])('gives an answer of status %i no body', async status => {
    const served = await serve({ http: () => new Response(null, { status, headers: { etag: '"1"' } }) })
    const raw = await served.raw('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').all
    expect(raw).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\netag: "1"\\r\\n.*\\r\\n\\r\\n$`, 'is'))
    expect(raw).not.toMatch(/transfer-encoding|content-length: [^0]/i)
  })

  it('sends several cookies as several headers', async () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
    const served = await serve({ http: () => new Response('', { headers }) })
    expect((await fetch(served.url())).headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('keeps a connection for the next request', async () => {
    const served = await serve({ http: echo })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number>()
    for (let i = 0; i < 3; i++) {
      const req = request(served.url(), { agent, method: i ? 'POST' : 'GET' }).end(i ? 'body' : undefined)
      const [res] = await once(req, 'response')
      ports.add(req.socket!.localPort!)
      res.resume()
      await once(res, 'end')
    }
    agent.destroy()
    expect(ports.size).toBe(1)
  })

  it('answers a failure of the application with 500 and a log line', async () => {
    const served = await serve({
      http: asked => {
        if (asked.url.endsWith('/sync')) throw new Error('thrown')
        return Promise.reject(new Error('rejected'))
      },
    })
    expect((await fetch(served.url('/sync'))).status).toBe(500)
    expect((await fetch(served.url('/async'))).status).toBe(500)
    expect(served.logged.map(line => line.err?.message)).toEqual(['thrown', 'rejected'])
  })

  it.each([
    [
      'a header with a line break',
      () => ({ status: 200, statusText: '', headers: [['a', 'b\r\nc: d']], body: null }) as unknown as Response,
    ],
    ['no status', () => Response.error()],
    ['a body that somebody has read', () => drained()],
    ['a body that fails at once', () => new Response(streamOf([], new Error('no data')))],
    ['a body shorter than its length', () => new Response('four', { headers: { 'content-length': '5' } })],
  ])('does not send %s, but 500', async (_, response) => {
    const served = await serve({ http: () => response() })
    expect((await fetch(served.url())).status).toBe(500)
    expect(served.logged).toHaveLength(1)
  })

  it.each([
    ['that fails on the way', () => new Response(streamOf(['some', 'more', 'and'], new Error('no more data')))],
    ['that is longer than it said', () => new Response(streamOf(['some', 'more']), { headers: { 'content-length': '7' } })],
    ['that is shorter than it said', () => new Response(streamOf(['some', 'more']), { headers: { 'content-length': '9' } })],
  ])('breaks the connection off under a body %s', async (_, response) => {
    const served = await serve({ http: () => response() })
    await expect(fetch(served.url()).then(answer => answer.text())).rejects.toThrow()
    expect(served.logged).toHaveLength(1)
  })

  it.each([
    ['of unknown length', undefined],
    ['of known length', 40 * 700_000],
  ])('streams a body %s, as fast as it is read', async (_, length) => {
    const produced = vi.fn()
    const chunks = function* () {
      for (let i = 0; i < 40; i++) {
        produced()
        yield Buffer.alloc(700_000, String.fromCharCode(97 + (i % 26)))
      }
    }
    const served = await serve({
      http: () => new Response(streamFrom(chunks()), { headers: length ? { 'content-length': String(length) } : {} }),
    })
    const raw = served.raw('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    raw.tcp.pause()
    await quiet(() => produced.mock.calls.length)
    // The system holds some MB of it; nobody has asked for the rest.
    expect(produced.mock.calls.length).toBeGreaterThan(2)
    expect(produced.mock.calls.length).toBeLessThan(25)
    raw.tcp.resume()
    const text = await raw.all
    expect(text).toMatch(length ? /content-length: 28000000\r\n/i : /transfer-encoding: chunked\r\n/i)
    const body = length ? text.slice(text.indexOf('\r\n\r\n') + 4) : dechunked(text.slice(text.indexOf('\r\n\r\n') + 4))
    expect(body.length).toBe(40 * 700_000)
    for (let i = 0; i < 40; i++) expect(body[i * 700_000 + 699_999]).toBe(String.fromCharCode(97 + (i % 26)))
  })

  it('does not keep back what has been streamed while it waits for more', async () => {
    const chunk = Buffer.alloc(16_384, 'x')
    let given = 0
    let more = true
    const source = new ReadableStream<Uint8Array>(
      {
        pull: controller => {
          if (!more) return new Promise(() => {})
          given += 1
          controller.enqueue(chunk)
        },
      },
      { highWaterMark: 0 },
    )
    const served = await serve({ http: () => new Response(source) })
    const raw = served.raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    raw.tcp.pause()
    // The client reads nothing until the last chunk found no room in the system.
    await quiet(() => given)
    more = false
    let got = 0
    raw.tcp.on('data', data => {
      got += data.length
    })
    raw.tcp.resume()
    await vi.waitFor(() => expect(got).toBeGreaterThan(given * chunk.length))
    raw.tcp.destroy()
  })

  it('breaks off, and fails nowhere else, if a body fails while the client reads nothing', async () => {
    let fail = () => {}
    const source = new ReadableStream<Uint8Array>({
      start: controller => {
        controller.enqueue(Buffer.alloc(16_000_000))
        fail = () => controller.error(new Error('no more data'))
      },
    })
    const served = await serve({ http: () => new Response(source) })
    const raw = served.raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await raw.until('\r\n\r\n')
    raw.tcp.pause()
    await quiet(() => raw.tcp.bytesRead)
    fail()
    await quiet(() => raw.tcp.bytesRead)
    raw.tcp.resume()
    await raw.all
    expect(served.logged.map(line => line.err?.message)).toEqual(['no more data'])
  })

  it('stops the source of a body when nobody wants the rest of it', async () => {
    const events = new Inbox<string>()
    /** Gives a chunk, and no more. */
    const source = (name: string) =>
      new ReadableStream<Uint8Array>({
        start: controller => controller.enqueue(Buffer.from('chunk')),
        cancel: () => events.put(`${name} cancelled`),
      })
    const served = await serve({
      http: asked =>
        asked.url.endsWith('/short') ? new Response(source('short'), { headers: { 'content-length': '3' } }) : new Response(source('long')),
    })
    await expect(fetch(served.url('/short')).then(answer => answer.text())).rejects.toThrow()
    expect(await events.next()).toBe('short cancelled')
    const raw = served.raw('GET /long HTTP/1.1\r\nHost: a\r\n\r\n')
    await raw.until('chunk')
    raw.tcp.destroy()
    expect(await events.next()).toBe('long cancelled')
  })

  it.each(['while it is asked', 'while it answers'])('lets the application know that a client has gone %s', async moment => {
    const events = new Inbox<string>()
    const source = new ReadableStream<Uint8Array>({
      pull: controller => controller.enqueue(Buffer.alloc(500_000)),
      cancel: () => events.put('cancelled'),
    })
    const served = await serve({
      http: asked => {
        asked.signal.addEventListener('abort', () => events.put('aborted'))
        events.put('asked')
        return moment === 'while it answers' ? new Response(source) : new Promise(() => {})
      },
    })
    const raw = served.raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await events.next()).toBe('asked')
    if (moment === 'while it answers') await raw.until('\r\n\r\n')
    raw.tcp.resetAndDestroy()
    expect(await events.next()).toBe('aborted')
    if (moment === 'while it answers') expect(await events.next()).toBe('cancelled')
    expect(served.logged).toEqual([])
  })

  it('lets go of a client that has gone in the middle of its request', async () => {
    const asked = vi.fn(() => new Response('hello'))
    const served = await serve({ http: asked })
    const raw = served.raw('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf')
    await once(raw.tcp, 'connect')
    await (await fetch(served.url())).text()
    raw.tcp.resetAndDestroy()
    await raw.all
    expect(await (await fetch(served.url())).text()).toBe('hello')
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it.each([
    ['HTTP/2', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\n'],
    ['a websocket on another path', 'Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n'],
  ])('answers a request that would rather have %s in HTTP, its body included', async (_, wish) => {
    const served = await serve({ http: echo })
    const post = `POST /a HTTP/1.1\r\nHost: a\r\n${wish}Content-Length: 4\r\n\r\n`
    const raw = served.raw(`${post}bo`)
    await once(raw.tcp, 'connect')
    await nextTurn()
    raw.tcp.write('dy')
    await raw.until('"body":"body"')
    raw.tcp.write('GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(await raw.all).toMatch(/"method":"POST","url":"http:\/\/a\/a".*"method":"GET","url":"http:\/\/a\/b"/s)
  })

  it('answers a handshake on another path than the websockets’ in HTTP', async () => {
    const served = await serve({ http: echo })
    const raw = served.raw(handshake([], '/elsewhere'))
    expect(await raw.until('"url"')).toMatch(/^HTTP\/1\.1 200 /)
    raw.tcp.destroy()
  })

  it('lets a running request finish when it stops, refuses the next, and breaks off what takes longer than the grace', async () => {
    const asked = new Inbox<(response: Response) => void>()
    const served = await serve({ http: () => new Promise(resolve => asked.put(resolve)) })
    const agent = new Agent({ keepAlive: true })
    const running = fetch(served.url())
    const answer = await asked.next()
    const endless = fetch(served.url())
    await asked.next()
    const idle = request(served.url(), { agent }).end()
    ;(await asked.next())(new Response('first'))
    const [res] = await once(idle, 'response')
    res.resume()
    await once(res, 'end')

    const closed = served.transport.close(300)
    answer(new Response('finished'))
    expect(await (await running).text()).toBe('finished')
    await expect(endless).rejects.toThrow()
    await closed
    await expect(fetch(served.url())).rejects.toThrow()
    agent.destroy()
  })

  it('does not wait for connections that ask for nothing, or nothing more, when it stops', async () => {
    const asked = new Inbox<(response: Response) => void>()
    const served = await serve({ http: () => new Promise(resolve => asked.put(resolve)) })
    const agent = new Agent({ keepAlive: true })
    const requests = [request(served.url(), { agent }).end(), request(served.url(), { agent }).end()]
    const answers = requests.map(req => once(req, 'response'))
    const finish = async (i: number) => {
      const [res] = await answers[i]!
      res.resume()
      await once(res, 'end')
    }
    const [first, second] = await asked.take(2)
    first!(new Response('then idle'))
    await Promise.race([finish(0), finish(1)])
    const closed = served.transport.close(1_000_000)
    second!(new Response('then idle, too'))
    await closed
    agent.destroy()
  })
})

overTransports('HTTP and curl', kind => {
  const serve = servers(kind)
  const curl = (args: string[]) => promisify(execFile)('curl', ['-s', '--max-time', '10', ...args])

  it('agree on a large upload, a large download and a HEAD', async ({ skip }) => {
    const there = await curl(['--version']).catch(() => undefined)
    skip(!there, 'curl is not installed')
    const served = await serve({ http: async asked => new Response('x'.repeat(3_000_000 + (await asked.arrayBuffer()).byteLength)) })
    const { stdout } = await curl(['-o', '/dev/null', '-w', '%{http_code} %{size_download}', served.url()])
    expect(stdout).toBe('200 3000000')
    const up = await curl(['-o', '/dev/null', '-w', '%{http_code} %{size_download}', '-d', 'y'.repeat(100_000), served.url()])
    expect(up.stdout).toBe('200 3100000')
    const head = await curl(['-I', '-o', '/dev/null', '-w', '%{http_code} %{size_download}', served.url()])
    expect(head.stdout).toBe('200 0')
  })
})

/** As `ReadableStream.from`, which the types do not know. */
const streamFrom = (chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> =>
  Readable.toWeb(Readable.from(chunks)) as ReadableStream<Uint8Array>

const streamOf = (texts: readonly string[], failure?: Error): ReadableStream<Uint8Array> =>
  streamFrom(
    (async function* () {
      for (const text of texts) {
        yield Buffer.from(text)
        await nextTurn()
        await nextTurn()
      }
      if (failure) throw failure
    })(),
  )

const drained = async (): Promise<Response> => {
  const response = new Response('read')
  await response.text()
  return response
}

/** When a number has not changed for a good many turns. */
const quiet = async (number: () => number): Promise<void> => {
  for (let last = -1, same = 0; same < 200; same = number() === last ? same + 1 : 0, last = number()) await nextTurn()
}

const dechunked = (text: string): string => {
  const parts: string[] = []
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, end), 16)
    if (size === 0) return parts.join('')
    parts.push(text.slice(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}
