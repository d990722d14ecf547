import { once } from 'node:events'
import { mkdirSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'

const TRADES = 'symbol,ts_ms,price,qty\nBTC-USD,1723118400000,60000,1\n'

describe('driftwire serve', () => {
  it('prints where dashboard, websocket and API descriptions are, and they are there', async () => {
    const server = new DriftwireProcess(['serve', '--port', '0', '--data', pathOf('first')])
    const printed = await server.printed()
    expect(server.lasted).toBeLessThan(10_000)
    // Nobody else on the machine reads what is in it.
    expect(statSync(pathOf('first')).mode & 0o777).toBe(0o700)
    const [dashboard, websocket, ...docs] = printed.match(/\b(https?|wss?):\/\/\S+/g)!
    expect(websocket).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/ws$/)
    for (const address of [dashboard!, ...docs]) expect((await fetch(address)).status, address).toBe(200)
    expect(docs.length).toBe(2)
    const client = await server.client()
    // The demo: a simulated market with BTC, a capped top ten, two portfolios, two pools.
    const names = await client.ask<string[]>('channels')
    expect(names).toEqual(expect.arrayContaining(['tick:BTC-USD', 'fund:TOP10', 'pnl:main', 'pnl:savings']))
    expect(names.filter(name => name.startsWith('pool:')).length).toBe(2)
    await client.subscribe(names.filter(name => !/^(candle|trades)/.test(name)))
    const fund = await client.replica('fund:TOP10')
    await client.until(() => Object.keys(fund.state.weights ?? {}).length === 10)
    expect(Math.max(...Object.values(fund.state.weights as object))).toBeLessThan(0.2501)
    for (const pool of names.filter(name => name.startsWith('pool:'))) {
      const replica = await client.replica(pool)
      await client.until(() => replica.state.tvl !== undefined && replica.state.depth !== undefined)
    }
    expect(client.faults).toEqual([])
    expect(await server.end('SIGTERM')).toBe(0)
  })

  it('is the same by environment variables', async () => {
    const server = new DriftwireProcess(['serve'], {
      DRIFTWIRE_PORT: '0',
      DRIFTWIRE_DATA: pathOf('environment'),
      DRIFTWIRE_LOG_LEVEL: 'silent',
      DRIFTWIRE_EXIT_AT_END: '1',
      DRIFTWIRE_FEED: `replay:${written('one.csv', TRADES)};replay:${written('two.csv', TRADES.replaceAll('BTC', 'ETH'))}\n`,
      DRIFTWIRE_SPEED: 'max',
    })
    expect(await server.exited).toBe(0)
    expect(server.stdout).toContain(pathOf('environment'))
    expect(server.stderr).toBe('')
  })

  const some = (): string => `replay:${written('some.csv', TRADES)}`
  const config = (name: string, content: string | object): string =>
    written(name, typeof content === 'string' ? content : JSON.stringify(content))

  it.concurrent.each<[what: string, options: () => string[], line: RegExp]>([
    ['an option that there is not', () => ['--prot', '1'], /--prot: found an option that is not known/],
    ['a configuration that cannot be read', () => ['--config', pathOf('none.json')], /none\.json: cannot be read \(ENOENT\)/],
    ['a configuration that is no JSON', () => ['--config', config('text.json', '{\n  "feeds": [\n}\n')], /text\.json: found no JSON/],
    [
      'a configuration that does not fit',
      () => ['--config', config('unfit.json', { funds: [{ id: 'A', weighting: { scheme: 'equal', cap: 2 } }] })],
      /unfit\.json: funds\.0\.weighting\.cap: found 2, expected/,
    ],
    [
      'a cap that cannot hold',
      () => ['--config', config('cap.json', { assets: { A: {}, B: {} }, funds: [{ id: 'F', weighting: { scheme: 'equal', cap: 0.4 } }] })],
      /cap\.json: funds\.0\.weighting\.cap: found 0\.4, expected/,
    ],
    ['a feed that nobody knows', () => ['--feed', 'nyse:IBM'], /--feed: nyse:IBM: found "nyse", expected sim/],
    ['a replay of a file that is not there', () => ['--feed', 'replay:none.csv'], /--feed: replay:none\.csv: found ENOENT/],
    [
      'a replay of nothing that it knows',
      () => ['--feed', `replay:${written('poem.txt', 'O Freunde\n')}`],
      /found "O Freunde", expected trades CSV/,
    ],
    [
      'candles of no symbol',
      () => ['--feed', `replay:${written('candles.csv', 'open_time_ms,open,high,low,close,volume_base\n')}`],
      /found candles without a symbol/,
    ],
    ['a replay and a live feed together', () => ['--feed', some(), '--feed', 'sim'], /--feed: found replays and live feeds together/],
    ['a host that others can reach', () => ['--host', '0.0.0.0'], /--host: found "0\.0\.0\.0", which others can reach/],
    [
      'a certificate that is none',
      () => ['--tls-cert', written('c.pem', ''), '--tls-key', written('k.pem', '')],
      /--tls-cert, --tls-key: .*expected a certificate/,
    ],
    [
      'transactions that are not there',
      () => ['--config', config('portfolio.json', { portfolios: [{ id: 'a', transactions: 'none.csv' }] })],
      /portfolios\.0\.transactions: ".*none\.csv" cannot be read/,
    ],
    [
      'a record that cannot be written',
      () => ['--feed', some(), '--record-frames', pathOf('no/such/place')],
      /--record-frames: .* cannot be written \(ENOENT\)/,
    ],
  ])('with %s ends with exit code 2 and one line that says where', async (what, options, line) => {
    const server = DriftwireProcess.serve('--data', pathOf(`refused/${what}`), ...options())
    expect(await server.exited).toBe(2)
    expect(server.stdout).toBe('')
    expect(server.stderr).toMatch(/^driftwire: [^\n]+\n$/)
    expect(server.stderr).toMatch(line)
  })

  it.each<[what: string, content: object, where: string]>([
    ['a feed', { feeds: ['nyse:IBM'] }, 'feeds.0'],
    ['a file of transactions', { portfolios: [{ id: 'a', transactions: 'none.csv' }] }, 'portfolios.0.transactions'],
  ])('names the configuration and the path where that asks for %s that there is not', async (_, content, where) => {
    const file = config(`${where}.json`, content)
    const server = DriftwireProcess.serve('--data', pathOf('unnamed'), '--config', file)
    await server.exited
    expect(server.stderr).toContain(`${file}: ${where}: `)
  })

  it('on a port that is taken ends with exit code 1 and says so last', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const server = new DriftwireProcess(['serve', '--port', String(port), '--data', pathOf('taken')])
    expect(await server.exited).toBe(1)
    expect(server.lastLine).toMatch(new RegExp(`^driftwire: cannot start: cannot listen on 127\\.0\\.0\\.1:${port}`))
    other.close()
  })

  it('with a directory that cannot be one ends with exit code 1 and says so last', async () => {
    const data = pathOf('occupied')
    mkdirSync(data)
    written('occupied/clickhouse', 'not a directory')
    const server = DriftwireProcess.serve('--data', data)
    expect(await server.exited).toBe(1)
    expect(server.lastLine).toMatch(/^driftwire: cannot go on: .*occupied.*expected a directory/)
  })
})
