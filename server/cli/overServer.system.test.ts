import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'
import { typedHere } from '../test/typedKit.ts'

/** Trades of two hours, and a fund of them: a server that has replayed them knows all of it. */
const NOON = Date.UTC(2024, 7, 8, 12)
const TRADES = [
  'symbol,ts_ms,price,qty,trade_id',
  ...Array.from({ length: 120 }, (_, i) => `BTC-USD,${NOON + i * 60_000},${60_000 + i},1,${i}`),
].join('\n')
const CONFIG = {
  assets: { BTC: {} },
  funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.001' } }, creationUnit: '10' }],
  portfolios: [{ id: 'main' }],
  feeds: [],
}
const ADMIN = 'a-token-for-the-admin'
const PASSWORD = 'correct horse battery'

let server: DriftwireProcess
let url = ''
const post = async (path: string, body: object, token?: string): Promise<Record<string, string>> => {
  const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(response.ok, await response.clone().text()).toBe(true)
  return response.json() as Promise<Record<string, string>>
}

beforeAll(async () => {
  const place = ['--data', pathOf('over'), '--config', written('over.json', JSON.stringify(CONFIG))]
  const replay = ['--feed', `replay:${written('over.csv', TRADES)}`, '--speed', 'max']
  server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'info', ...place, ...replay], { DRIFTWIRE_ADMIN_TOKEN: ADMIN })
  url = await server.url()
  await server.replayed()
  for (const username of ['ann', 'bob']) await post('/register', { username, password: PASSWORD })
  await post('/v1/admin/deposits', { username: 'ann', asset: 'BTC', amount: '1', key: 'd' }, ADMIN)
})
afterAll(async () => {
  expect(await server.end('SIGHUP')).toBe(0)
  expect(server.stderr + server.stdout).not.toContain(PASSWORD)
})

const here = (words: readonly string[], environment: Record<string, string> = {}, columns = 80) =>
  typedHere(words, { DRIFTWIRE_URL: url, ...environment }, columns)
const ann = { DRIFTWIRE_USER: 'ann', DRIFTWIRE_PASSWORD: PASSWORD }

describe('figures of a running server', () => {
  it('status, in lines of the terminal; --check says whether something asks for action', async () => {
    for (const columns of [40, 80]) {
      const [code, out, err] = await here(['status', '--check'], {}, columns)
      expect([code, err]).toEqual([0, ''])
      expect(out).toMatch(/^all is well\n/)
      expect(out).toMatch(/ended/)
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(columns)
    }
    expect(JSON.parse((await here(['status', '--json']))[1])).toHaveProperty('journal.state', 'open')
  })

  it('channels, all or those of one form', async () => {
    expect(await here(['channels', 'fund:*'])).toEqual([0, 'fund:ONE\n', ''])
    expect(JSON.parse((await here(['channels', '--json']))[1]).channels).toContain('tick:BTC-USD')
  })

  it('history as a table, as CSV and as JSON lines; fields, steps and aggregates as asked for', async () => {
    const range = ['--from', String(NOON), '--to', '2024-08-08T12:03:00Z']
    expect((await here(['history', 'tick:BTC-USD', ...range, '--fields', 'price,size']))[1]).toBe(
      'time UTC              price  size\n2024-08-08 12:00:00  60,000     1\n2024-08-08 12:01:00  60,001     1\n2024-08-08 12:02:00  60,002     1\n',
    )
    expect((await here(['history', 'tick:BTC-USD', ...range, '--fields', 'price', '--csv']))[1]).toBe(
      `t,price\n${NOON},60000\n${NOON + 60_000},60001\n${NOON + 120_000},60002\n`,
    )
    const [, lines] = await here(['history', 'candle:1m:BTC-USD', '--limit', '2', '--json'])
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).o),
    ).toEqual([60_000, 60_001])
    const steps = ['--fields', 'price', '--step', '1h', '--csv', '--from', String(NOON), '--to', String(NOON + 7_200_000)]
    expect(
      (await here(['history', 'tick:BTC-USD', ...steps, '--agg', 'max']))[1]
        .trimEnd()
        .split('\n')
        .map(line => line.split(',')[1]),
    ).toEqual(['price', '60059', '60119'])
    expect((await here(['history', 'tick:BTC-USD', '--to', '2020-01-01']))[1]).toBe('tick:BTC-USD: no rows of that time\n')
    for (const line of (await here(['history', 'fund:ONE', '--limit', '5'], {}, 40))[1].split('\n'))
      expect(line.length).toBeLessThanOrEqual(80)
    expect((await here(['history', 'what']))[0]).toBe(2)
  })

  it('explain shows a figure and its inputs, down to the ticks, in lines of the terminal', async () => {
    const [code, out] = await here(['explain', 'fund:ONE', 'nav'])
    expect(code).toBe(0)
    expect(out).toMatch(/^fund:ONE at 2024-08-08 .* UTC\n\nfigure +value +age +from\nnav +60\.119 +now /)
    expect(out).toMatch(/^ +price +60,119 .*tick:BTC-USD/m)
    for (const columns of [40, 80])
      for (const line of (await here(['explain', 'fund:ONE', 'nav'], {}, columns))[1].split('\n'))
        expect(line.length).toBeLessThanOrEqual(columns)
    expect(JSON.parse((await here(['explain', 'fund:ONE', 'nav', '--json']))[1])).toMatchObject({ field: 'nav', value: 60.119 })
    expect(await here(['explain', 'fund:ONE', 'navv'])).toEqual([1, '', expect.stringContaining('field: found "navv"')])
  })

  it('watch prints a line for each state where no terminal is, and ends after as many as asked for', async () => {
    const [code, out] = await here(['watch', 'fund:*', 'tick:BTC-USD', '--count', '2'])
    expect(code).toBe(0)
    const lines = out.trimEnd().split('\n')
    expect(lines.length).toBe(2)
    expect(lines.find(line => line.includes('tick:BTC-USD'))).toMatch(/^2024-08-08T13:59:00\.\d{3}Z tick:BTC-USD .*price=60119/)
    const [, json] = await here(['watch', 'fund:ONE', '--json', '--count', '1'])
    expect(JSON.parse(json)).toMatchObject({
      ch: 'fund:ONE',
      seq: expect.any(Number),
      stale: expect.any(Boolean),
      state: { nav: expect.any(Number) },
    })
  })

  it.each([
    [['watch', 'nothing'], 2, 'watch: found "nothing"'],
    [['watch', 'fund:NONE*'], 1, 'found no channel like fund:NONE*'],
    [['watch', 'fund:NONE'], 1, 'fund:NONE: unknown_channel'],
    [['watch', 'orders'], 1, 'orders: not_logged_in'],
    [['watch', 'fund:ONE', '--url', 'http://127.0.0.1:9'], 1, 'found no server'],
  ])('%j ends with %i and says why', async (words, code, why) => {
    const [ended, , err] = await here(words)
    expect([ended, err]).toEqual([code, expect.stringContaining(why)])
  })
})

describe('sql while the server runs', () => {
  it('answers an operator as a table, as CSV and as JSON', async () => {
    const admin = { DRIFTWIRE_TOKEN: ADMIN }
    const statement = 'SELECT symbol, count() AS n, max(price) AS most FROM ticks GROUP BY symbol'
    expect(await here(['sql', statement], admin)).toEqual([0, 'symbol     n   most\nBTC-USD  120  60119\n', ''])
    expect((await here(['sql', statement, '--csv'], admin))[1]).toBe('"symbol","n","most"\n"BTC-USD",120,60119\n')
    expect(JSON.parse((await here(['sql', statement, '--json'], admin))[1]).rows).toEqual([{ symbol: 'BTC-USD', n: 120, most: 60_119 }])
  })

  it('refuses everybody else, and what is more than a question', async () => {
    expect(await here(['sql', 'SELECT 1'], { DRIFTWIRE_TOKEN: 'wrong' })).toEqual([1, '', expect.stringContaining('401 bad_credentials')])
    const login = await post('/v1/login', { username: 'ann', password: PASSWORD })
    expect(await here(['sql', 'SELECT 1'], { DRIFTWIRE_TOKEN: login.token! })).toEqual([1, '', expect.stringContaining('403 not_allowed')])
    expect((await here(['sql', 'DROP TABLE ticks'], { DRIFTWIRE_TOKEN: ADMIN }))[2]).toMatch(
      /400 invalid_params: sql: found DROP TABLE, expected SELECT/,
    )
    expect((await here(['sql', "SELECT file('/etc/passwd')"], { DRIFTWIRE_TOKEN: ADMIN }))[2]).toContain('the function file')
    const metrics = await (await fetch(`${url}/metrics`)).text()
    for (const line of ['running 0', 'waiting 0', 'answered_total 3', 'refused_total 2'])
      expect(metrics).toContain(`driftwire_sql_${line}\n`)
  })
})

describe('orders of a client', () => {
  it('quote, create, transfer, orders, holdings: by name and password, or by a token in a file', async () => {
    const [quoted, quote] = await here(['quote', 'create', 'ONE', '20'], ann)
    expect([quoted, quote]).toEqual([0, expect.stringMatching(/^create 20 shares of ONE · .*\n\n +asset +amount\nyou give +BTC +0\.02\n$/)])
    const [created, order] = await here(['create', 'ONE', '20', '--key', 'first'], ann)
    expect([created, order]).toEqual([0, expect.stringMatching(/^create 20 shares of ONE\nsettled\n.*key first/)])
    // Under the same key it is the same order.
    expect((await here(['create', 'ONE', '20', '--key', 'first', '--json'], ann))[1]).toContain('"status":"settled"')
    const { token } = await post('/v1/login', { username: 'ann', password: PASSWORD })
    const file = ['--token-file', written('ann.token', `${token}\n`)]
    expect((await here(['transfer', 'bob', '5', '--fund', 'ONE', ...file]))[0]).toBe(0)
    expect((await here(['holdings', '--json', ...file]))[1]).toBe('{"assets":{"BTC":"0.98"},"shares":{"ONE":"15"}}\n')
    const [, list] = await here(['orders', ...file], {}, 40)
    expect(
      list
        .split('\n')
        .slice(1, 3)
        .map(line => line.split(/ +/)[0]),
    ).toEqual(['transfer', 'create'])
    for (const line of list.split('\n')) expect(line.length).toBeLessThanOrEqual(40)
  })

  it('a rejected one ends with 1 and says what was lacking', async () => {
    const [code, out] = await here(['redeem', 'ONE', '1000'], ann)
    expect([code, out]).toEqual([1, expect.stringMatching(/rejected: insufficient_shares[\s\S]*\nyou would get +BTC /)])
  })

  it.each([
    ['nobody', ['holdings'], {}, 2, 'credentials: found none, expected DRIFTWIRE_TOKEN'],
    ['a name alone', ['holdings', '--user', 'ann'], {}, 2, 'credentials: found no password'],
    ['a wrong password', ['holdings'], { ...ann, DRIFTWIRE_PASSWORD: 'wrong horse' }, 1, 'bad_credentials'],
    ['a wrong token', ['holdings'], { DRIFTWIRE_TOKEN: 'nonsense' }, 1, 'bad_credentials'],
    ['a file that is none', ['holdings', '--token-file', 'nowhere'], {}, 2, 'nowhere: found ENOENT'],
    ['an unknown fund', ['create', 'NONE', '10'], ann, 1, 'unknown_fund'],
    ['no amount', ['create', 'ONE', '-5x'], ann, 2, 'found'],
    ['a transfer of nothing', ['transfer', 'bob', '1'], ann, 2, 'expected --asset or --fund'],
    ['no server', ['holdings', '--url', 'http://127.0.0.1:9'], ann, 1, 'found no answer'],
  ])('%s is refused in a line that has no secret', async (_, words, environment, code, why) => {
    const [ended, out, err] = await here(words, environment)
    expect([ended, out, err]).toEqual([code, '', expect.stringContaining(why)])
    expect(err).not.toMatch(/horse|nonsense/)
  })
})

/** Types a command in a terminal of 60 columns, and the keys when it shows `sign`. Returns its exit code and all that it wrote. */
const inTerminal = async (command: string, sign: string, keys: string): Promise<[code: unknown, written: string]> => {
  const program = `stty cols 60 rows 14; exec "${process.execPath}" "${join(packageRoot(), 'server/cli/driftwire.cjs')}" ${command}`
  const child = spawn('script', ['-qec', program, '/dev/null'], { env: { PATH: process.env.PATH, TERM: 'xterm', DRIFTWIRE_URL: url } })
  let written = ''
  let typed = false
  child.stdout.on('data', data => {
    written += data
    if (typed || !written.includes(sign)) return
    typed = true
    child.stdin.write(keys)
  })
  const [code] = await once(child, 'close')
  return [code, written]
}

// util-linux has the program that makes a terminal.
describe.skipIf(spawnSync('script', ['--version']).status !== 0)('on a terminal', () => {
  it('watch draws on the other screen, in lines of the terminal, and gives it back at the end', async () => {
    const [code, written] = await inTerminal('watch fund:ONE', '60.1190', 'q')
    expect(code).toBe(0)
    expect(written.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true)
    expect(written.trimEnd().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true)
    const last = written.slice(written.lastIndexOf('\x1b[H') + 3, written.lastIndexOf('\x1b[J')).split('\r\n')
    expect(last.length).toBe(14)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken away
    for (const line of last) expect(line.replace(/\x1b\[[0-9;]*[mK]|\r/g, '').length).toBeLessThanOrEqual(60)
  })

  it('a password is asked for and not shown', async () => {
    const [code, written] = await inTerminal('holdings --user ann --json', 'password: ', `${PASSWORD}\r`)
    expect([code, written]).toEqual([0, expect.stringContaining('"assets"')])
    expect(written).not.toContain('horse')
  })
})
