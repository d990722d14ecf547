import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoredAlert } from '../../streams/wire/answers/alerts.ts'
import type { AlertsState } from '../../streams/wire/states.ts'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'
import type { ProtocolClient } from '../test/protocolClient.ts'

const ADMIN = randomBytes(16).toString('hex')
const rule = (id: string, channel: string, figure: string, above: number, more: object = {}) => ({ id, channel, figure, above, ...more })

/** The simulated market, whose prices lie between these bounds. */
const configOf = (...rules: readonly object[]): string => {
  const portfolios = [{ id: 'mine', transactions: 'mine.csv', read: ['ann'] }]
  return written('alerts.json', JSON.stringify({ feeds: ['sim:1'], portfolios, alerts: { builtIn: true, rules } }))
}
const HIGH = [rule('high', 'tick:BTC-USD', 'price', 1), rule('rich', 'pnl:mine', 'value', 1, { severity: 'critical' })]

let server: DriftwireProcess
let client: ProtocolClient
written('mine.csv', 't,type,asset,qty,price,fee,id\n1700000000000,buy,BTC,10,1,0,1\n')

const start = async (...rules: readonly object[]): Promise<void> => {
  const args = ['serve', '--port', '0', '--log-level', 'warn', '--config', configOf(...rules), '--data', pathOf('alerts')]
  server = new DriftwireProcess(args, { DRIFTWIRE_ADMIN_TOKEN: ADMIN })
  client = await server.client()
  await client.request('auth', { token: ADMIN })
  await client.subscribe(['allalerts'])
}

/** Resolves when the channel for the admin shows these rules and channels as open. */
const open = async (...expected: readonly string[]): Promise<AlertsState> => {
  const replica = await client.replica('allalerts')
  const namesIn = (): string[] =>
    Object.values((replica.state as AlertsState).open ?? {})
      .map(({ rule: id, channel, members }) => `${id} ${members ? 'market' : channel}`)
      .sort()
  await client.until(() => namesIn().join() === [...expected].sort().join())
  return replica.state as AlertsState
}

const stored = async (query = '', token?: string): Promise<StoredAlert[]> => {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const answer = await fetch(`${await server.url()}/v1/alerts${query}`, { headers })
  return ((await answer.json()) as { alerts: StoredAlert[] }).alerts
}

/** What is stored once rows have had the time to come. */
const storedWhen = async (holds: (alerts: readonly StoredAlert[]) => boolean): Promise<StoredAlert[]> => {
  for (;;) {
    const alerts = await stored('', ADMIN)
    if (holds(alerts)) return alerts
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

describe('alerts of a server', () => {
  let before: AlertsState
  beforeAll(async () => {
    await start(...HIGH)
    before = await open('high tick:BTC-USD', 'rich pnl:mine')
  })
  afterAll(() => server.end('SIGKILL'))

  it('that have opened in the moment of a kill stay open after it, and open no second time', async () => {
    await server.end('SIGKILL')
    await start(...HIGH)
    expect((await open('high tick:BTC-USD', 'rich pnl:mine')).open).toEqual(before.open)
  })

  it('are stored with their evidence, and shown to those who read what they are about', async () => {
    await server.ready()
    const alerts = await storedWhen(found => found.length === 2)
    expect(alerts.map(({ id }) => id).sort()).toEqual(Object.keys(before.open!).sort())
    const rich = alerts.find(({ rule: id }) => id === 'rich')!
    expect(rich).toMatchObject({ channel: 'pnl:mine', figure: 'value', severity: 'critical', confirmed: true, times: 1 })
    expect(rich.evidence).toEqual({ value: before.open![rich.id]!.evidence!.value, bound: 1 })
    expect((await stored()).map(({ channel }) => channel)).toEqual(['tick:BTC-USD'])
    expect((await stored('?rule=rich', ADMIN)).map(({ rule: id }) => id)).toEqual(['rich'])
    expect(await stored('?state=cleared', ADMIN)).toEqual([])
    const headers = { authorization: `Bearer ${ADMIN}` }
    const first = await fetch(`${await server.url()}/v1/alerts?limit=1`, { headers })
    const { alerts: page, next } = (await first.json()) as { alerts: StoredAlert[]; next: string }
    // The last alert of a page may be one that its reader must not know of.
    expect(Buffer.from(next, 'base64url').toString()).toMatch(/^\[\d+,\d+\]$/)
    expect([...page, ...(await stored(`?limit=5&cursor=${next}`, ADMIN))]).toEqual(alerts)
  })

  it('about what not everybody reads are for the admin alone', async () => {
    const other = await server.client()
    const reply = await other.subscribe(['alerts', 'allalerts'])
    expect(reply.allalerts).toMatchObject({ error: { code: 'not_logged_in' } })
    const { state } = await other.replica('alerts')
    expect(Object.values((state as AlertsState).open!).map(({ channel }) => channel)).toEqual(['tick:BTC-USD'])
    await other.close()
  })

  it('are listed by `driftwire alerts`', async () => {
    const url = await server.url()
    const ask = async (...words: string[]): Promise<string> => {
      const asked = new DriftwireProcess(['alerts', '--url', url, ...words])
      expect(await asked.exited).toBe(0)
      return asked.stdout
    }
    const lines = (await ask('--state', 'open')).trimEnd().split('\n')
    expect(lines[0]).toMatch(/^since UTC +severity +rule +channel +figure +value +bound +state$/)
    expect(lines.slice(1)).toEqual([expect.stringMatching(/^\S+ \S+ +warning +high +tick:BTC-USD +price +[\d,.]+ +1 +open$/)])
    expect((await ask('--token', ADMIN, '--json')).trimEnd().split('\n')).toHaveLength(2)
    expect(await ask('--rule', 'none')).toBe('no alerts\n')
  })

  it('clear after a restart if they are over by then, or if their rule is no more', async () => {
    expect(await server.end('SIGTERM')).toBe(0)
    await start(rule('high', 'tick:BTC-USD', 'price', 1e9))
    await open()
    await server.ready()
    const cleared = await storedWhen(found => found.every(alert => alert.cleared !== undefined))
    expect(cleared.map(({ rule: id, why }) => `${id}: ${why}`).sort()).toEqual(['high: back', 'rich: no rule'])
    expect(cleared.map(({ id }) => id).sort()).toEqual(Object.keys(before.open!).sort())
  })
})
