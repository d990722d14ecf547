import { afterAll, describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'
import type { State } from '../test/protocolClient.ts'

const ADMIN_TOKEN = 'a-token-for-imports'
const DATA = pathOf('prices')
const MINUTE = 60_000
const FROM = Date.UTC(2024, 7, 8)
const options = ['--data', DATA, '--config', written('prices.json', JSON.stringify({ symbols: { XBTZZZ: 'BTC-USD' }, feeds: [] }))]

const row = (i: number): number[] => [FROM + i * MINUTE, 100 + i, 102 + i, 99 + i, 101 + i, 0.5]
const HEADER = 'open_time_ms,open,high,low,close,volume_base'
const candles = (count: number, from = 0): string =>
  [HEADER, ...Array.from({ length: count }, (_, i) => row(from + i).join(','))].join('\n')
const FIRST = written('x_XBTZZZ_1m.csv', candles(5_000))
const SECOND = written('more.csv', candles(100, 5_000))

const ran = async (...args: string[]): Promise<[code: unknown, stdout: string, stderr: string]> => {
  const program = new DriftwireProcess(['import', 'prices', ...args], { DRIFTWIRE_CONFIG: pathOf('prices.json') })
  return [await program.exited, program.stdout, program.stderr]
}
const told = (file: string, accepted: number, known: number, refused = 0): string =>
  `${file}: ${accepted} candles accepted, ${known} known, ${refused} refused\n`

let server: DriftwireProcess | undefined
const serve = async (...more: string[]): Promise<DriftwireProcess> => {
  server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', ...options, ...more], {
    DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN,
  })
  await server.ready()
  return server
}
afterAll(() => server?.end('SIGTERM'))

/** Number of candles, ticks and volume of the hours in which the files lie. */
const stored = async (at: DriftwireProcess): Promise<[candles: number, ticks: number, volume: number]> => {
  const { rows } = await at.json<{ rows: State[] }>('/v1/history/candle:1m:BTC-USD')
  const sum = (name: string): number => rows.reduce((all, each) => all + Number(each[name]), 0)
  return [rows.length, sum('n'), sum('v')]
}

describe('driftwire import prices', () => {
  it('puts candles into the store of a running server, once however often', async () => {
    const running = await serve()
    const url = await running.url()
    const args = ['--url', url, '--token', ADMIN_TOKEN]
    expect(await ran(FIRST, ...args)).toEqual([0, told(FIRST, 5_000, 0), ''])
    expect(await stored(running)).toEqual([5_000, 5_000, 2_500])
    const { rows } = await running.json<{ rows: State[] }>(`/v1/history/candle:1m:BTC-USD?from=${FROM}&to=${FROM + MINUTE}`)
    expect(rows).toEqual([{ open_t: FROM, o: 100, h: 102, l: 99, c: 101, v: 0.5, n: 1 }])
    expect(await ran(FIRST, ...args)).toEqual([0, told(FIRST, 0, 5_000), ''])
    expect(await stored(running)).toEqual([5_000, 5_000, 2_500])
  })

  it('needs the right to', async () => {
    const [code, stdout, stderr] = await ran(FIRST, '--url', await server!.url(), '--token', 'wrong')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('401 bad_credentials')
  })

  it('leaves a directory alone that a server holds', async () => {
    const [code, stdout, stderr] = await ran(FIRST, '--data', DATA)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('another process holds it')
    expect(stderr).toContain('--url')
    await server!.end('SIGTERM')
  })

  it('puts them into a directory that no server holds, and knows what it has', async () => {
    const [code, stdout, stderr] = await ran(FIRST, `${SECOND}#XBTZZZ`, '--data', DATA)
    expect([code, stdout, stderr]).toEqual([0, told(FIRST, 0, 5_000) + told(`${SECOND}#XBTZZZ`, 100, 0), ''])
    expect((await ran(`${SECOND}#BTC-USD`, '--data', DATA))[1]).toBe(told(`${SECOND}#BTC-USD`, 0, 100))
  })

  it('does the same as a replay: what one has brought the other knows', async () => {
    const replayed = await serve('--feed', `replay:${FIRST}`, '--speed', 'max')
    await replayed.replayed()
    expect(await stored(replayed)).toEqual([5_100, 5_100, 2_550])
    await replayed.end('SIGTERM')
  })

  it('tells what is no candle, and ends with 1', async () => {
    const file = written('bad.csv', `${HEADER}\n${row(9_000).join(',')}\n${FROM + 9_001 * MINUTE},1,2,3,4,5\n${row(9_002).join(',')}`)
    const [code, stdout, stderr] = await ran(`${file}#BTC-USD`, '--data', DATA)
    expect([code, stdout]).toEqual([1, told(`${file}#BTC-USD`, 2, 0, 1)])
    expect(stderr).toBe(`${file}#BTC-USD: line 3: left out: price\n`)
  })

  it('counts what is none behind the first', async () => {
    const wrong = [9_003, 9_004].map(i => `${FROM + i * MINUTE},1,2,3,4,5`)
    const file = written('worse.csv', `${[HEADER, row(9_002).join(','), ...wrong, 'never,1,2,1,2,5', 'cut,1'].join('\n')}\n`)
    const [code, , stderr] = await ran(`${file}#BTC-USD`, '--data', DATA)
    expect([code, stderr]).toEqual([
      1,
      `${file}#BTC-USD: line 3: left out: price\n${file}#BTC-USD: line 5 and others: left out: time 1, unreadable 1, price 1\n`,
    ])
  })

  it.each([
    ['no file', [], 'import prices: found no FILE, expected FILE…'],
    ['a file that is not there', ['nowhere.csv', '--data', DATA], 'nowhere.csv: found ENOENT'],
    ['trades', [written('trades.csv', `symbol,ts_ms,price,qty\nBTC-USD,${FROM},1,1\n`), '--data', DATA], 'found no candles'],
    [
      'candles whose newest stands first',
      [`${written('turned.csv', [HEADER, row(2), row(1), row(0)].join('\n'))}#BTC-USD`, '--data', DATA],
      'found the newest candle first, expected the oldest first',
    ],
    ['candles of no symbol', [SECOND, '--data', DATA], 'candles without a symbol'],
  ])('ends with 2 and one line for %s', async (_, args, line) => {
    const [code, stdout, stderr] = await ran(...args)
    expect([code, stdout, stderr.trimEnd().split('\n').length]).toEqual([2, '', 1])
    expect(stderr).toContain(line)
  })
})

describe('the route for candles', () => {
  const candle = (i: number, over: object = {}): string => {
    const [open_t, o, h, l, c, v] = row(i)
    return JSON.stringify({ symbol: 'ETH-USD', open_t, span: MINUTE, o, h, l, c, v, id: `c:${i}`, ...over })
  }
  const post = async (body: string, headers: Record<string, string> = {}): Promise<[number, State]> => {
    const response = await fetch(`${await server!.url()}/v1/admin/candles`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
    })
    return [response.status, (await response.json()) as State]
  }

  it('takes good lines once and names bad ones, and the symbol is there from then on', async () => {
    await serve()
    const body = [candle(1), '{', candle(2, { span: 0 }), candle(3, { h: 1 }), candle(4, { symbol: 'eth' }), candle(1), '', candle(5)]
    const [status, answer] = await post(body.join('\n'))
    expect(status).toBe(200)
    expect(answer).toMatchObject({ accepted: 2, known: 0 })
    expect((answer.refused as unknown as { row: number }[]).map(({ row: line }) => line)).toEqual([2, 3, 4, 5, 6])
    expect(await post([candle(1), candle(5), candle(7)].join('\n'))).toEqual([200, { accepted: 1, known: 2, refused: [] }])
    const { rows } = await server!.json<{ rows: State[] }>('/v1/history/candle:1m:ETH-USD')
    expect(rows.map(each => each.open_t)).toEqual([1, 5, 7].map(i => FROM + i * MINUTE))
    expect(await post('')).toEqual([200, { accepted: 0, known: 0, refused: [] }])
  })

  it.each([
    ['a sender without a token of the scope', candle(1), { authorization: 'Bearer x' }, 401],
    ['another media type', candle(1), { 'content-type': 'application/json' }, 415],
    ['too many lines', '\n'.repeat(20_001), {}, 413],
  ])('refuses %s', async (_, body, headers, status) => {
    expect((await post(body, headers as unknown as Record<string, string>))[0]).toBe(status)
  })
})
