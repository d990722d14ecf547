import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertChange, AlertEvent } from '../../streams/alerts/alert.ts'
import { silent } from '../test/storageKit.ts'
import { Deliveries } from './deliveries.ts'
import { WAITING_MAX } from './webhook.ts'
import { Webhooks, type WebhooksOptions } from './webhooks.ts'

const SECRET = 'a secret of this test'

/** What a receiver checks, `now` in seconds. */
const isSigned = (secret: string, header: string, body: string, now: number): boolean => {
  const [, t, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header)!
  return Math.abs(now - Number(t)) <= 300 && createHmac('sha256', secret).update(`${t}.${body}`).digest('hex') === hex
}

interface Got {
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

let dir: string
let server: Server
let url: string
let got: Got[]
/** What the server answers next; 204 when there is nothing more. */
let answers: ((response: ServerResponse) => void)[]
let open: Webhooks[]

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end()

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'driftwire-webhooks-'))
  ;[got, answers, open] = [[], [], []]
  server = createServer(async (request, response) => {
    got.push({ body: await text(request), headers: request.headers })
    const answer = answers.shift() ?? status(204)
    answer(response)
    server.emit('got')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts?key=1`
})
afterEach(async () => {
  await Promise.all(open.map(webhooks => webhooks.close()))
  server.closeAllConnections()
  server.close()
  rmSync(dir, { recursive: true })
})

const start = (more: Partial<WebhooksOptions> = {}): Webhooks => {
  const webhooks = new Webhooks({
    ...{ webhooks: [{ url, least: 'info', all: false }], secret: SECRET, file: join(dir, 'webhooks.ndjson'), firstMs: 5, log: silent },
    isPublic: channel => channel !== 'pnl:mine',
    ...more,
  })
  open.push(webhooks)
  return webhooks
}

const change = (name: string, event: AlertEvent = 'opened', more: Partial<AlertChange['alert']> = {}): AlertChange => ({
  event,
  alert: {
    ...{ id: `${name}@tick:A-USD@5`, rule: name, channel: 'tick:A-USD', figure: 'price', severity: 'warning', since: 5, t: 5, step: 0 },
    ...{ state: 'open', confirmed: true, times: 1, evidence: { value: 2, bound: 1 }, ...more },
  },
})
const received = async (messages: number): Promise<string[]> => {
  while (got.length < messages) await once(server, 'got')
  return got.map(({ body }) => (JSON.parse(body) as { id: string }).id.split('@')[0]!)
}
/** Resolves when the figures are so; each message changes them. */
const until = async (webhooks: Webhooks, figures: object): Promise<void> => {
  await expect.poll(() => webhooks.figures(), { timeout: 5_000 }).toMatchObject(figures)
}

describe('webhooks', () => {
  it('get what happens to alerts, in order and signed', async () => {
    const webhooks = start()
    webhooks.take([change('a'), change('b', 'opened', { severity: 'critical' })])
    webhooks.take([change('a', 'cleared', { state: 'cleared', step: 1, t: 9, why: 'back' })])
    expect(await received(3)).toEqual(['a', 'b', 'a'])
    expect(JSON.parse(got[2]!.body)).toEqual({
      ...{ id: 'a@tick:A-USD@5/1', event: 'cleared', t: 9 },
      alert: {
        ...{
          id: 'a@tick:A-USD@5',
          rule: 'a',
          channel: 'tick:A-USD',
          figure: 'price',
          severity: 'warning',
          since: 5,
          confirmed: true,
          times: 1,
        },
        ...{ evidence: { value: 2, bound: 1 }, cleared: 9, why: 'back' },
      },
    })
    const now = Date.now() / 1000
    for (const { body, headers } of got) {
      const header = headers['driftwire-signature'] as string
      expect(isSigned(SECRET, header, body, now)).toBe(true)
      expect([
        isSigned('another', header, body, now),
        isSigned(SECRET, header, `${body} `, now),
        isSigned(SECRET, header, body, now + 400),
      ]).toEqual([false, false, false])
      expect(decodeURIComponent(headers['driftwire-delivery'] as string)).toBe(JSON.parse(body).id)
    }
  })

  it('get only what they ask for and may read, and a market alert in place of its members', async () => {
    const other = start({ webhooks: [{ url, least: 'critical', all: true }] })
    other.take([change('low'), change('secret', 'opened', { severity: 'critical', channel: 'pnl:mine' })])
    expect(await received(1)).toEqual(['secret'])
    await until(other, { sent: 1 })
    await other.close()
    const webhooks = start()
    const members = ['tick:A-USD', 'tick:B-USD']
    webhooks.take([
      change('mine', 'opened', { channel: 'pnl:mine' }),
      change('part', 'opened', { market: 'm' }),
      change('part', 'joined', { market: 'm', step: 1 }),
      change('private', 'opened', { members: [...members, 'pnl:mine'] }),
      change('ratio', 'opened', { against: 'pnl:mine' }),
      change('market', 'opened', { members }),
      change('last'),
    ])
    expect(await received(3)).toEqual(['secret', 'market', 'last'])
  })

  it.each([
    ['500', status(500)],
    ['429 with Retry-After', status(429, { 'retry-after': '0.01' })],
    ['408', status(408)],
    ['a redirect, which is not followed', status(302, { location: '/elsewhere' })],
    ['nothing, and hangs up', (response: ServerResponse) => void response.destroy()],
  ])('try again when the address answers %s', async (_, answer) => {
    answers = [answer, answer]
    const webhooks = start()
    webhooks.take([change('a'), change('b')])
    expect(await received(4)).toEqual(['a', 'a', 'a', 'b'])
    await until(webhooks, { waiting: 0, sent: 2, retries: 2, refused: 0, lastError: undefined })
  })

  it.each([400, 401, 404, 410])('give a message up when the address answers %i', async code => {
    answers = [status(code)]
    const webhooks = start()
    webhooks.take([change('a'), change('b')])
    expect(await received(2)).toEqual(['a', 'b'])
    await until(webhooks, { waiting: 0, sent: 1, refused: 1, retries: 0 })
  })

  it('send after the next start what was not taken before, and nothing twice', async () => {
    answers = [status(204), status(503)]
    const first = start({ firstMs: 60_000 })
    first.take([change('a'), change('b'), change('c')])
    await received(2)
    await until(first, { sent: 1, retries: 1 })
    await first.close()
    const second = start()
    expect(await received(4)).toEqual(['a', 'b', 'b', 'c'])
    await until(second, { waiting: 0, sent: 2 })
    await second.close()
    const third = start()
    third.take([change('d')])
    expect(await received(5)).toEqual(['a', 'b', 'b', 'c', 'd'])
  })

  it('send all that waits, also if what was on its way when it was dropped is taken in the end', async () => {
    let answer: (() => void) | undefined
    answers = [
      response => {
        answer = () => void response.writeHead(204).end()
      },
    ]
    const webhooks = start()
    webhooks.take([change('first')])
    await received(1)
    webhooks.take(Array.from({ length: WAITING_MAX }, (_, i) => change(`n${i}`)))
    answer!()
    const names = await received(WAITING_MAX + 1)
    expect(names).toEqual(['first', ...Array.from({ length: WAITING_MAX }, (_, i) => `n${i}`)])
    await until(webhooks, { waiting: 0, dropped: 1 })
  })

  it('forget what waits for an address that the configuration no longer has, and show no address in errors', async () => {
    const gone = start({ webhooks: [{ url: 'http://127.0.0.1:9/', least: 'info', all: false }], firstMs: 60_000 })
    gone.take([change('old')])
    await until(gone, { retries: 1, lastError: 'it cannot be reached (TypeError)' })
    await gone.close()
    await start().close()
    expect(new Deliveries(join(dir, 'webhooks.ndjson')).of('http://127.0.0.1:9/')).toEqual([])
  })

  it('hold a bounded number of messages for an address, and count those that they drop', async () => {
    const webhooks = start({ webhooks: [{ url: 'http://127.0.0.1:9/', least: 'info', all: false }], firstMs: 60_000 })
    webhooks.take(Array.from({ length: WAITING_MAX + 7 }, (_, i) => change(`n${i}`)))
    expect(webhooks.figures()).toMatchObject({ waiting: WAITING_MAX, dropped: 7 })
  })
})
