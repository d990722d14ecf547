import { once } from 'node:events'
import { get, type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AppOptions, httpApp } from '../gateway/http/app.ts'
import type { Figures } from '../lib/figures.ts'
import { samplesOf } from '../telemetry/metric.ts'
import { METRICS } from '../telemetry/metricList.ts'
import type { ProtocolClient, State } from './protocolClient.ts'
import { ADMIN_TOKEN, file, NOON, ProtocolServer, tradesFile } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

/** Five minutes, a trade a second; and more trades at once than an answer holds. */
const TRADES = Array.from({ length: 300 }, (_, i) => ({ symbol: 'WEB-USD', t: NOON + 250 + 1_000 * i, price: 100 + (i % 17), id: `w${i}` }))
const MANY = 100_500
const MINUTE = 60_000

const config = (): object => {
  file('web.csv', `t,type,asset,qty,price\n${NOON - 1},buy,WEB,3,50\n`)
  const many = Array.from({ length: MANY }, (_, i) => ({
    symbol: 'MANY-USD',
    t: NOON + Math.floor(i / 50),
    price: 1 + (i % 7),
    id: `m${i}`,
  }))
  return {
    portfolios: [{ id: 'web', transactions: 'web.csv' }],
    funds: [{ id: 'WEB', weighting: { scheme: 'units', units: { WEB: '2' } } }],
    pools: [{ id: 'WEB-POOL', kind: 'uniswap-v2' }],
    limits: { bodyBytes: 1_024 },
    feeds: [`replay:${tradesFile('web-trades.csv', TRADES)}`, `replay:${tradesFile('web-many.csv', many)}`],
  }
}

interface Page {
  readonly rows: State[]
  readonly next?: string
}

// The second transport serves what the first one stored.
overTransports('HTTP', transport => {
  let server: ProtocolServer
  let client: ProtocolClient
  beforeAll(async () => {
    server = await ProtocolServer.start(config(), '--transport', transport, '--speed', 'max')
    await server.replayed()
    client = await server.client()
  })
  afterAll(() => server.stop())

  const problemOf = async (path: string, init?: RequestInit): Promise<[number, string | null, State]> => {
    const response = await server.fetch(path, init)
    return [response.status, response.headers.get('content-type'), (await response.json()) as State]
  }

  it('knows only names of this machine, as a page of another name might have had itself resolved to it', async () => {
    const status = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        get({ port: server.port, path: '/healthz', headers: { host } }, answer => {
          answer.resume()
          resolve(answer.statusCode)
        }).on('error', reject)
      })
    expect(await Promise.all(['localhost', `127.0.0.1:${server.port}`, `evil.example:${server.port}`].map(status))).toEqual([200, 200, 403])
  })

  describe('answers', () => {
    it.each([
      ['/healthz', 'application/json'],
      ['/readyz', 'application/json'],
      ['/metrics', 'text/plain; version=0.0.4; charset=utf-8'],
      ['/schema/config.json', 'application/schema+json'],
      ['/openapi.json', 'application/json'],
      ['/asyncapi.json', 'application/json'],
      ['/', 'text/html; charset=utf-8'],
      ['/v1/funds', 'application/json'],
      ['/v1/portfolios', 'application/json'],
      ['/v1/pools', 'application/json'],
      ['/v1/state/fund:WEB', 'application/json'],
      ['/v1/history/tick:WEB-USD', 'application/json'],
      ['/v1/history/tick:WEB-USD?format=csv', 'text/csv; charset=utf-8'],
    ])('%s as %s, to HEAD with the same head and no body', async (path, type) => {
      const [get, head] = await Promise.all([server.fetch(path), server.fetch(path, { method: 'HEAD' })])
      expect([get.status, get.headers.get('content-type')]).toEqual([200, type])
      expect((await get.text()).length).toBeGreaterThan(10)
      expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, type, ''])
    })

    it('with the page and every part that it names', async () => {
      const page = await (await server.fetch('/')).text()
      const parts = [...page.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, part]) => part!)
      expect(parts.length).toBeGreaterThan(0)
      for (const part of parts) expect((await server.fetch(part)).status, part).toBe(200)
    })

    it('with the page at each of its views, and once only', async () => {
      for (const path of ['/', '/funds/WEB', '/embed/funds/WEB']) {
        const { status, headers, body } = await raw(server.port, path)
        expect([status, headers['x-content-type-options'], headers['cache-control']]).toEqual([200, 'nosniff', 'no-cache'])
        expect(headers['content-security-policy']).toContain(`connect-src 'self' ws://127.0.0.1:${server.port}`)
        expect(body.toString()).toContain('<!doctype html>')
        const again = await raw(server.port, path, { 'if-none-match': headers.etag as string })
        expect([again.status, again.headers.etag, again.body.length]).toEqual([304, headers.etag, 0])
        const head = await server.fetch(path, { method: 'HEAD' })
        expect([head.status, await head.text()]).toEqual([200, ''])
      }
    })

    it('with scripts that are compressed, and may be kept for ever', async () => {
      const [script] = /\/assets\/[^"]+\.js/.exec(await (await server.fetch('/')).text())!
      const plain = await raw(server.port, script)
      const { status, headers, body } = await raw(server.port, script, { 'accept-encoding': 'gzip, br' })
      expect([status, headers['content-encoding'], headers['cache-control']]).toEqual([200, 'br', 'public, max-age=31536000, immutable'])
      expect(brotliDecompressSync(body).equals(plain.body)).toBe(true)
      expect(body.length).toBeLessThan(plain.body.length / 2)
    })

    it('with states as websockets have them, each by itself or all of a kind', async () => {
      await client.subscribe(['fund:WEB', 'pnl:web', 'pool:WEB-POOL', 'tick:WEB-USD'])
      const [fund, pnl, pool, tick] = await Promise.all(
        ['fund:WEB', 'pnl:web', 'pool:WEB-POOL', 'tick:WEB-USD'].map(async channel => (await client.replica(channel)).state),
      )
      expect(fund).toMatchObject({ nav: 2 * TRADES.at(-1)!.price, shares: '10000', units: { WEB: '2' } })
      expect(await server.json('/v1/funds')).toEqual({ WEB: fund })
      expect(await server.json('/v1/portfolios')).toEqual({ web: pnl })
      expect(await server.json('/v1/pools')).toEqual({ 'WEB-POOL': pool })
      expect(await server.json('/v1/state/tick:WEB-USD')).toEqual(tick)
      expect(await server.json('/v1/state/tick%3AWEB-USD')).toEqual(tick)
    })
  })

  describe('refuses', () => {
    it.each<[method: string, path: string, status: number, code: string]>([
      ['GET', '/nothing', 404, 'not_found'],
      ['GET', '/v1', 404, 'not_found'],
      ['GET', '/v1/state/', 404, 'not_found'],
      ['GET', '/modules/server/main.js', 404, 'not_found'],
      ['GET', '/modules/clients/..%2f..%2f..%2fpackage.json', 404, 'not_found'],
      ['GET', '/..%2fpackage.json', 404, 'not_found'],
      ['POST', '/nothing', 404, 'not_found'],
      ['DELETE', '/v1/state', 404, 'not_found'],
      ['GET', '/v1/state/tick', 404, 'unknown_channel'],
      ['GET', '/v1/state/fund:NONE', 404, 'unknown_channel'],
      ['GET', '/v1/history/candle:2m:WEB-USD', 404, 'unknown_channel'],
      ['GET', '/v1/history/status', 404, 'not_found'],
      ['POST', '/v1/funds', 405, 'method_not_allowed'],
      ['PUT', '/v1/state/fund:WEB', 405, 'method_not_allowed'],
      ['DELETE', '/v1/history/tick:WEB-USD', 405, 'method_not_allowed'],
      ['PATCH', '/healthz', 405, 'method_not_allowed'],
      ['POST', '/', 405, 'method_not_allowed'],
      ['GET', '/v1/history/tick:WEB-USD?from=yesterday', 400, 'invalid_params'],
      ['GET', '/v1/history/tick:WEB-USD?from=-1', 400, 'invalid_params'],
      ['GET', '/v1/history/tick:WEB-USD?from=1.5', 400, 'invalid_params'],
      ['GET', '/v1/history/tick:WEB-USD?from=', 400, 'invalid_params'],
      ['GET', '/v1/history/tick:WEB-USD?to=99999999999999999', 400, 'invalid_params'],
      ['GET', '/v1/history/tick:WEB-USD?step=0', 400, 'invalid_params'],
      ['GET', '/v1/history/tick:WEB-USD?form=0', 400, 'invalid_params'],
      ['GET', '/v1/funds?limit=1', 400, 'invalid_params'],
      ['GET', '/v1/history/candle:5m:WEB-USD?step=60000', 400, 'invalid_params'],
      ['GET', '/v1/history/tick:WEB-USD?format=xml', 400, 'invalid_params'],
      ['GET', '/v1/history/tick:WEB-USD?cursor=guessed', 400, 'invalid_params'],
    ])('%s %s with %s %s', async (method, path, status, code) => {
      expect(await problemOf(path, { method })).toEqual([
        status,
        'application/problem+json',
        { type: 'about:blank', title: expect.any(String), status, detail: expect.any(String), code, retry: false },
      ])
    })

    it('a wrong method, and says which there are', async () => {
      for (const path of ['/v1/funds', '/v1/history/tick:WEB-USD', '/'])
        expect((await server.fetch(path, { method: 'POST' })).headers.get('allow'), path).toBe('GET, HEAD')
    })

    it.each(['Bearer guessed', 'Bearer', 'Basic Z3Vlc3NlZDpndWVzc2Vk', 'nonsense'])('the credentials %j with 401', async authorization => {
      const [status, , problem] = await problemOf('/v1/funds', { headers: { authorization } })
      expect([status, problem.code]).toEqual([401, 'bad_credentials'])
      const response = await server.fetch('/v1/funds', { headers: { authorization } })
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    })

    it('a body that is too large with 413', async () => {
      const [status, type, problem] = await problemOf('/v1/funds', { method: 'POST', body: 'x'.repeat(1_025) })
      expect([status, type]).toEqual([413, 'application/problem+json'])
      expect(problem).toMatchObject({ code: 'too_large', retry: false })
      expect((await server.fetch('/v1/funds', { method: 'POST', body: 'x'.repeat(1_024) })).status).toBe(405)
    })
  })

  describe('tells the past', () => {
    const history = (channel: string, query = ''): Promise<Page> => server.json<Page>(`/v1/history/${channel}${query}`)

    it('from and without an end, oldest first, the same by both ways', async () => {
      const [from, to] = [TRADES[10]!.t, TRADES[20]!.t]
      const { rows, next } = await history('tick:WEB-USD', `?from=${from}&to=${to}`)
      expect(rows.map(({ t, price, size, side }) => ({ t, price, size, side }))).toEqual(
        TRADES.slice(10, 20).map(({ t, price }) => ({ t, price, size: 1, side: 'buy' })),
      )
      expect(next).toBeUndefined()
      expect(await client.ask('history', { channel: 'tick:WEB-USD', from, to })).toEqual({ rows })
      expect((await history('tick:WEB-USD')).rows.length).toBe(TRADES.length)
      expect(await history('tick:WEB-USD', `?from=${to}&to=${from}`)).toEqual({ rows: [] })
      expect(await history('tick:WEB-USD', `?from=${from}&to=${from}`)).toEqual({ rows: [] })
    })

    it('of candles, also of several put together', async () => {
      const { rows } = await history('candle:1m:WEB-USD')
      const of = (k: number, minutes: number): State => {
        const prices = TRADES.filter(({ t }) => t >= NOON + k * MINUTE && t < NOON + (k + minutes) * MINUTE).map(({ price }) => price)
        const [o, c, n] = [prices[0]!, prices.at(-1)!, prices.length]
        return { open_t: NOON + k * MINUTE, o, h: Math.max(...prices), l: Math.min(...prices), c, v: n, n }
      }
      expect(rows).toEqual([0, 1, 2, 3, 4].map(k => of(k, 1)))
      // Steps begin at multiples of themselves since the epoch.
      expect((await history('candle:1m:WEB-USD', `?step=${2 * MINUTE}`)).rows).toEqual([of(0, 2), of(2, 2), of(4, 2)])
      expect((await history('candle:5m:WEB-USD')).rows).toEqual([of(0, 5)])
      expect((await history('candle:1h:WEB-USD')).rows).toEqual([of(0, 60)])
    })

    it('of a fund and a portfolio: the state at the end of each second', async () => {
      const { rows } = await history('fund:WEB')
      // Its units are given, so that it begins with the first frame, before there is a price.
      expect(rows.map(({ t, nav }) => [t, nav])).toEqual([[NOON, undefined], ...TRADES.map(({ t, price }) => [t + 750, 2 * price])])
      const state = await server.json('/v1/state/fund:WEB')
      const { inav: _, t: __, ...row } = rows.at(-1)!
      expect(state).toMatchObject(row)
      const pnl = await history('pnl:web', `?from=${NOON + 1_000}&to=${NOON + 3_000}`)
      expect(pnl.rows.map(({ t, value, unrealised }) => [t, value, unrealised])).toEqual([
        [NOON + 1_000, 300, 150],
        [NOON + 2_000, 303, 153],
      ])
      expect(pnl.rows[0]).toMatchObject({ quote: 'USD', method: 'fifo', assets: { WEB: { qty: 3, price: 100, avg: 50 } } })
    })

    it('with the last row of each step', async () => {
      const last = (step: number) =>
        TRADES.filter(({ t }, i) => Math.floor(t / step) !== Math.floor((TRADES[i + 1]?.t ?? Number.POSITIVE_INFINITY) / step))
      const ticks = await history('tick:WEB-USD', '?step=7000')
      expect(ticks.rows.map(({ t, price }) => [t, price])).toEqual(last(7_000).map(({ t, price }) => [t, price]))
      const { rows } = await history('fund:WEB', '?step=60000')
      expect(rows.map(({ t }) => t)).toEqual([59_000, 119_000, 179_000, 239_000, 299_000, 300_000].map(t => NOON + t))
    })

    it('as CSV, the same numbers under the same names', async () => {
      for (const channel of ['tick:WEB-USD', 'candle:1m:WEB-USD', 'fund:WEB', 'pnl:web']) {
        const { rows } = await history(channel, '?step=60000')
        const text = await (await server.fetch(`/v1/history/${channel}?step=60000&format=csv`)).text()
        const [header, ...lines] = text
          .trimEnd()
          .split('\n')
          .map(line => line.split(','))
        const named = lines.map(fields => Object.fromEntries(header!.flatMap((name, i) => (fields[i] === '' ? [] : [[name, fields[i]]]))))
        expect(named, channel).toEqual(rows.map(row => flat(row)))
      }
    })

    it('in pages of a hundred thousand rows, one after the other, by both ways', async () => {
      const pages: Page[] = []
      for (let next: string | undefined = ''; next !== undefined; next = pages.at(-1)!.next) {
        pages.push(await history('tick:MANY-USD', next && `?cursor=${next}`))
      }
      expect(pages.map(page => page.rows.length)).toEqual([100_000, MANY - 100_000])
      const ids = pages.flatMap(page => page.rows.map(row => Number(String(row.id).split(':m').at(-1))))
      expect(ids.every((id, i) => id === i)).toBe(true)

      const first = await client.ask<Page>('history', { channel: 'tick:MANY-USD', from: 0, to: NOON + MINUTE })
      expect(first.rows).toEqual(pages[0]!.rows)
      const second = await client.ask<Page>('history', { channel: 'tick:MANY-USD', from: 0, to: NOON + MINUTE, cursor: first.next })
      expect(second).toEqual({ rows: pages[1]!.rows })

      const csv = await server.fetch('/v1/history/tick:MANY-USD?format=csv')
      expect((await csv.text()).trimEnd().split('\n').length).toBe(100_001)
      const rest = await server.fetch(`/v1/history/tick:MANY-USD?format=csv&cursor=${csv.headers.get('x-next-cursor')}`)
      expect((await rest.text()).trimEnd().split('\n').length).toBe(MANY - 100_000 + 1)
      expect(rest.headers.get('x-next-cursor')).toBeNull()
    })
  })

  describe('describes itself', () => {
    it('in OpenAPI: every route that there is, and none else', async () => {
      const { openapi, paths } = await server.json<{ openapi: string; paths: Record<string, State> }>('/openapi.json')
      expect(openapi).toMatch(/^3\.1\./)
      const routes = httpApp({} as AppOptions).routes.filter(({ method, path }) => method !== 'ALL' && path !== '/*')
      expect(routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort()).toEqual(
        Object.entries(paths)
          .flatMap(([path, methods]) => Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`))
          .sort(),
      )
      for (const [path, methods] of Object.entries(paths)) {
        // What only clients, operators or bodies get an answer from is asked in clearingHttp.test.ts.
        if (methods.get === undefined || (methods.get as State).security !== undefined) continue
        // Decentralised markets are asked for in dexHttp.test.ts, the depth of pools in poolDepth.test.ts, lists in lists.test.ts, explanations in explain.test.ts,
        // metrics in importMetrics.system.test.ts, scores, peers and models in scores.system.test.ts.
        if (/^\/(gecko|cmc|v1\/dex)\/|\/(depth|ticks|book|swaps|lots|rebalances)$|\/v1\/(explain|metrics|scores|peers|models\/)/.test(path))
          continue
        const response = await server.fetch(path.replace('{channel}', 'fund:WEB').replace('{id}', 'WEB').replace('{symbol}', 'WEB-USD'))
        expect(response.status, path).toBe(200)
        await response.body?.cancel()
      }
    })

    it('in AsyncAPI: every method and every kind of push', async () => {
      const { asyncapi, channels } = await server.json<{ asyncapi: string; channels: { ws: { address: string; messages: State } } }>(
        '/asyncapi.json',
      )
      expect(asyncapi).toMatch(/^3\./)
      expect(channels.ws.address).toBe('/ws')
      const methods = [
        'subscribe',
        'unsubscribe',
        'channels',
        'history',
        'register',
        'login',
        'logout',
        'create',
        'redeem',
        'transfer',
        'quote',
        'record',
        'order',
        'holdings',
        'auth',
        'explain',
        'session',
        'ping',
      ]
      expect(Object.keys(channels.ws.messages).sort()).toEqual(
        [...methods, ...methods.map(method => `${method}Result`), 'error', 'heartbeat', 'bye', 'stale'].sort(),
      )
    })
  })

  describe('tells its figures', () => {
    it('to Prometheus in its text format', async () => {
      const lines = (await (await server.fetch('/metrics')).text()).trimEnd().split('\n')
      const types = new Map<string, string>()
      const series = new Set<string>()
      for (const line of lines) {
        if (line === '' || line.startsWith('# HELP ')) continue
        const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line)
        if (type) {
          expect(types.has(type[1]!), line).toBe(false)
          types.set(type[1]!, type[2]!)
          continue
        }
        const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line)
        expect(sample, line).not.toBeNull()
        const [, name, , value] = sample!
        expect(types.has(name!) || types.has(name!.replace(/_(bucket|sum|count)$/, '')), line).toBe(true)
        expect(/^(Nan|NaN|[+-]Inf)$/.test(value!) || Number.isFinite(Number(value)), line).toBe(true)
        expect(series.has(line.slice(0, line.lastIndexOf(' '))), line).toBe(false)
        series.add(line.slice(0, line.lastIndexOf(' ')))
      }
      expect(series.size).toBeGreaterThan(30)
    })

    it('the same as in `status`', async () => {
      const observer = await server.client()
      await observer.subscribe(['status'])
      const status = await observer.replica('status')
      const seen = status.pushes.length
      // A report has just been made.
      await observer.until(() => status.pushes.length > seen)
      const metrics = new Map(
        (await (await server.fetch('/metrics')).text()).split('\n').map(line => {
          const at = line.lastIndexOf(' ')
          return [line.slice(0, at), Number(line.slice(at + 1))]
        }),
      )
      // Told by the report itself, and so counted after it; or no figures of the report.
      const apart = new Set(['clients.pushes', 'clients.windowBytes', 'feeds.*.refused', 'feeds.*.missing'])
      const expected = new Map<string, number>()
      for (const metric of METRICS) {
        if (!/^(feeds|sink|clients|journal)\./.test(metric.figure) || apart.has(metric.figure)) continue
        for (const { labels, value } of samplesOf(metric, status.state as Figures)) {
          const shown = labels.map((label, i) => `${metric.labels[i]}="${label}"`).join(',')
          expected.set(shown === '' ? metric.name : `${metric.name}{${shown}}`, value)
        }
      }
      expect(expected.size).toBeGreaterThan(20)
      expect(new Map([...expected].map(([name]) => [name, metrics.get(name)]))).toEqual(expected)
      expect(expected.get('driftwire_sink_waiting_rows')).toBe(0)
    })
  })

  it('is open to the admin’s token and to none', async () => {
    const answers = await Promise.all(
      [{ authorization: `Bearer ${ADMIN_TOKEN}` }, { authorization: `bearer ${ADMIN_TOKEN}` }, {}].map(headers =>
        server.fetch('/v1/funds', { headers }),
      ),
    )
    expect(answers.map(answer => answer.status)).toEqual([200, 200, 200])
  })
})

/** An answer as it comes over the wire. */
const raw = async (port: number, path: string, headers: Record<string, string> = {}) => {
  const asked = request({ port, path, headers, host: '127.0.0.1' }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) }
}

/** Members of members under names joined by dots, all as text. */
const flat = (row: State, prefix = ''): Record<string, string> =>
  Object.assign(
    {},
    ...Object.entries(row).map(([name, value]) =>
      typeof value === 'object' ? flat(value, `${prefix}${name}.`) : { [prefix + name]: String(value) },
    ),
  )
