import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { symbolMap } from '../../../streams/market/symbols.ts'
import { CANDLE, TRADE } from '../../../streams/market/ticks.ts'
import { lonelyPool } from '../../../streams/test/chain.ts'
import { type Collected, collected, drained, feedContext } from '../../test/feedKit.ts'
import { haveReports, reportFile } from '../../test/reports.ts'
import { VirtualEnvironment } from '../../test/virtualEnvironment.ts'
import { SpecError } from '../specError.ts'
import { VENUES } from '../venues/index.ts'
import { replay } from './replay.ts'

const T0 = Date.UTC(2024, 0, 1)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface File {
  readonly name?: string
  readonly fragment?: string
  readonly symbols?: Readonly<Record<string, string>>
}

const open = async (content: string | readonly string[] | Buffer, { name = 'file.csv', fragment, symbols = {} }: File = {}) => {
  writeFileSync(join(folder, name), Buffer.isBuffer(content) || typeof content === 'string' ? content : `${content.join('\n')}\n`)
  const logged: Record<string, unknown>[] = []
  const context = feedContext({ symbols, onLog: line => logged.push(line) })
  const spec = `replay:${name}${fragment === undefined ? '' : `#${fragment}`}`
  return { context, logged, feed: await replay({ spec, base: folder, map: symbolMap(symbols), environment: new VirtualEnvironment() }) }
}

const read = async (
  content: string | readonly string[] | Buffer,
  file?: File,
): Promise<Collected & { logged: Record<string, unknown>[] }> => {
  const { context, logged, feed } = await open(content, file)
  return { ...collected(await drained(feed.open(context)), context), logged }
}

const refusal = async (content: string | readonly string[] | Buffer, file?: File): Promise<string> => {
  const error = await open(content, file).then(
    () => 'opened',
    e => e,
  )
  expect(error).toBeInstanceOf(SpecError)
  expect(error.message).not.toContain('\n')
  return error.message
}

const HEADER = 'exchange,symbol,trade_id,ts_ms,price,qty,side'
const row = (id: number, t = T0 + id, more: Partial<Record<'exchange' | 'symbol' | 'price' | 'qty', string>> = {}): string =>
  [more.exchange ?? 'binance', more.symbol ?? 'BTCUSDT', id, t, more.price ?? '100', more.qty ?? '1', 'buy'].join(',')

describe('a file of trades', () => {
  it('is read by the names of its columns, in whatever order and form they come', async () => {
    const wanted = { type: TRADE, symbol: 'BTC-USDT', t: T0, price: 100.5, size: 2, side: 'sell' }
    const forms: [content: string, source: string, id: unknown][] = [
      [`symbol,price,ts_ms,qty,side,trade_id,exchange\nBTCUSDT,100.5,${T0},2,sell,7,kraken\n`, 'kraken', '7'],
      [
        `\uFEFFexchange,trade_id,taker_side,size,exch_ts_ms,price,symbol,more\r\nkraken,7,SELL,2.0,${T0}.9,100.50,BTC-USDT,x\r\n`,
        'kraken',
        '7',
      ],
      [`symbol,price,ts_ms,qty,side\n"BTC/USDT","100.5",${T0},2,s`, 'replay', `${T0}:100.5:2`],
      [`symbol,price,ts_ms,qty,side,trade_id\n\nBTCUSDT,100.5,${T0},2,sell,7\n\n`, 'replay', `${T0}:7`],
      [`symbol,price,ts_ms,qty,side,exchange\nBTCUSDT,100.5,${T0},2,sell,kraken`, 'replay', `${T0}:100.5:2`],
    ]
    for (const [content, source, id] of forms) {
      const { rows, bad, messages } = await read(content)
      expect(rows).toEqual([{ ...wanted, source, id }])
      expect([bad, messages]).toEqual([{}, 1])
    }
  })

  it('names a trade without an id by what it says, so that files that overlap name it alike, and equal trades of one file apart', async () => {
    const trades = ['BTCUSDT,1,', 'BTCUSDT,2,', 'BTCUSDT,1,', 'ETHUSDT,1,'].map(start => `${start}${T0},1`)
    const later = [`BTCUSDT,1,${T0 + 1},1`, `BTCUSDT,1.50,${T0 + 2},0.10`]
    const ids = async (lines: readonly string[], name: string, packed = false) => {
      const bytes = Buffer.from(['symbol,price,ts_ms,qty', ...lines].join('\n'))
      return (await read(packed ? gzipSync(bytes) : bytes, { name })).rows.map(({ id }) => id)
    }
    const one = await ids([...trades, ...later], 'a.csv')
    expect(one).toEqual([`${T0}:1:1`, `${T0}:2:1`, `${T0}:1:1:1`, `${T0}:1:1`, `${T0 + 1}:1:1`, `${T0 + 2}:1.5:0.1`])
    expect(await ids([...trades, ...later], 'b.csv.gz', true)).toEqual(one)
    expect(await ids([...trades.slice(1), ...later], 'c.csv')).toEqual([one[1], one[0], one[3], one[4], one[5]])
  })

  it('of candles has the same ids under another name and packed, and others with other content', async () => {
    const lines = ['open_time_ms,open,high,low,close,volume_base', `${T0},1,1,1,1,1`, `${T0 + 60_000},1,1,1,1,1`]
    const ids = async (content: readonly string[], name: string, packed = false) => {
      const bytes = Buffer.from(content.join('\n'))
      return (await read(packed ? gzipSync(bytes) : bytes, { name })).rows.map(({ id }) => id)
    }
    const first = await ids(lines, 'a_BTCUSDT.csv')
    expect(new Set(first).size).toBe(2)
    expect(await ids(lines, 'b_BTCUSDT.csv')).toEqual(first)
    expect(await ids(lines, 'c_BTCUSDT.csv.gz', true)).toEqual(first)
    expect(await ids([...lines, ''], 'd_BTCUSDT.csv')).not.toEqual(first)
  })

  it('counts each bad line by its kind, logs where the first one is, and reads on', async () => {
    const { rows, bad, messages, logged } = await read([
      HEADER,
      row(1),
      row(2, T0, { price: 'much' }),
      row(3, T0, { qty: '-1' }),
      row(4, T0, { symbol: 'WHAT' }),
      row(5, Date.UTC(2008, 5, 1)),
      'binance,BTCUSDT,6',
      row(7),
      row(8, T0, { price: '' }),
    ])
    expect(rows.map(({ id }) => id)).toEqual(['1', '7'])
    expect(bad).toEqual({ price: 2, size: 1, symbol: 1, time: 1, unreadable: 1 })
    expect(messages).toBe(8)
    expect(logged).toMatchObject([
      { kind: 'price', where: 3, counts: { price: 1 }, file: join(folder, 'file.csv') },
      { kind: 'size', where: 4, counts: { price: 1, size: 1, symbol: 1, time: 1, unreadable: 1 } },
    ])
  })

  it('leaves out a row that is far ahead of its time, and says so at its line', async () => {
    const { rows, bad, logged } = await read([HEADER, row(1), row(2), row(3, T0 + 3_600_000), row(4), row(5)])
    expect(rows.map(({ id }) => id)).toEqual(['1', '2', '4', '5'])
    expect(bad).toEqual({ time: 1 })
    expect(logged).toMatchObject([{ kind: 'time', where: 4 }])
  })

  it('takes a gap for a gap, also across the bad line behind it, and the last row as it is', async () => {
    const { rows, bad } = await read([
      HEADER,
      row(1),
      row(2, T0 + 3_600_000),
      row(0, T0, { price: 'x' }),
      row(4, T0 + 3_600_001),
      row(5, T0 + 9e6),
    ])
    expect(rows.map(({ id }) => id)).toEqual(['1', '2', '4', '5'])
    expect(bad).toEqual({ price: 1 })
  })

  it('measures times by the receipt where the file has it', async () => {
    const received = (id: number, t: number, at: number | '') => `binance,BTCUSDT,${id},${t},1,1,buy,${at === '' ? '' : `${at}000000`}`
    const { rows, bad } = await read([
      `${HEADER},recv_ts_ns`,
      received(1, T0, T0 + 10),
      received(2, T0 + 9_000, T0 + 20), // far ahead of its receipt
      received(3, T0 + 5_020, T0 + 20), // just not
      received(4, T0 - 60_000, T0 + 30), // late
      received(5, T0 + 3_600_000, T0 + 3_600_000), // a gap
      received(6, T0 + 7_200_000, ''), // no receipt, borne out by none
      received(7, T0 + 3_600_001, T0 + 3_600_002),
    ])
    expect(rows.map(({ id }) => id)).toEqual(['1', '3', '4', '5', '6', '7'])
    expect(bad).toEqual({ time: 1 })
  })

  it('takes an instrument of a market of perpetuals for a perpetual, unless the configuration names it', async () => {
    const lines = [
      'exchange,market,symbol,trade_id,ts_ms,price,qty',
      ...['spot', 'usdm', 'linear', 'perp', 'swap', 'futures'].map((market, i) => `bybit,${market},BTCUSDT,${i},${T0},1,1`),
    ]
    const plain = await read(lines)
    expect(plain.rows.map(({ symbol }) => symbol)).toEqual(['BTC-USDT', ...Array(5).fill('BTC-USDT-PERP')])
    const named = await read(lines, { symbols: { BTCUSDT: 'BTC-USD' } })
    expect(named.rows.map(({ symbol }) => symbol)).toEqual(Array(6).fill('BTC-USD'))
    const byVenue = await read(lines, { symbols: { 'bybit:BTCUSDT': 'BTC-EUR' } })
    expect(byVenue.rows[0]!.symbol).toBe('BTC-EUR')
  })

  it('gives every row once over many blocks', async () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => i + 1)
    const { rows, batches } = await read([HEADER, ...ids.map(id => row(id, T0 + id * 10_000))]) // each waits for the next
    expect(rows.map(({ id }) => Number(id))).toEqual(ids)
    expect(batches.length).toBeGreaterThan(2)
  })

  it('that breaks off is read as far as it goes', async () => {
    const lines = [HEADER, ...Array.from({ length: 30_000 }, (_, i) => row(i, T0 + i, { price: `${1 + Math.abs(Math.sin(i))}` }))]
    const packed = gzipSync(lines.join('\n'))
    const { rows, bad, logged } = await read(packed.subarray(0, packed.length / 2), { name: 'cut.csv.gz' })
    expect(rows.length).toBeGreaterThan(5_000)
    expect(bad).toEqual({ unreadable: 1 })
    expect(logged.map(({ msg }) => msg)).toContain('the file breaks off')
  })
})

describe('times and numbers of trades', () => {
  const wanted = [
    ['1', T0],
    ['2', T0 + 1],
  ]
  const times = async (content: string | Buffer) => {
    const { rows, bad } = await read(content)
    return { ids: rows.map(({ id, t }) => [id, t]), bad }
  }

  it.each([
    ['seconds', String(T0 / 1e3), `${(T0 + 1) / 1e3}`],
    ['µs', `${T0}000`, `${T0 + 1}999`],
    ['ns', `${T0}000000`, `${T0 + 1}999999`],
    ['one unit, then another', String(T0), `${T0 + 1}000`],
    ['ISO 8601', '2024-01-01T00:00:00Z', '2024-01-01 00:00:00.001'],
  ])('in %s are read as such, row by row', async (_, first, second) => {
    const line = (id: number, t: string) => `binance,BTCUSDT,${id},${t},100,1,buy`
    expect(await times([HEADER, line(1, first), line(2, second)].join('\n'))).toEqual({ ids: wanted, bad: {} })
  })

  it('ahead of now are left out, however many rows have them', async () => {
    const later = Date.UTC(2026, 0, 1, 0, 0, 6)
    const lines = [HEADER, row(1), row(2), row(3, later), row(4, later + 1), row(5, Date.UTC(2100, 0, 1)), row(6, Date.UTC(2026, 0, 1))]
    expect((await read(lines)).rows.map(({ id }) => id)).toEqual(['1', '2', '6'])
    expect((await read(lines)).bad).toEqual({ time: 3 })
  })

  it('with separated thousands are read if nothing else can be meant, and else left out', async () => {
    const { rows, bad } = await read([
      HEADER,
      row(1, T0, { price: '"61,234.50"' }),
      row(2, T0, { price: '"61,234"' }),
      row(3, T0, { price: '"61234,5"' }),
      row(4, T0, { price: '61,234.50' }),
      row(5, T0, { price: '6.1E4', qty: '.5' }),
    ])
    expect(rows.map(({ price, size }) => [price, size])).toEqual([
      [61_234.5, 1],
      [61_000, 0.5],
    ])
    expect(bad).toEqual({ price: 2, unreadable: 1 })
  })

  const plain = [HEADER, row(1), row(2)]
  it.each([
    ['semicolons', plain.join('\n').replaceAll(',', ';')],
    ['tabs and CRLF', plain.join('\r\n').replaceAll(',', '\t')],
    ['CR alone', plain.join('\r')],
    ['UTF-16', Buffer.from(`\uFEFF${plain.join('\n')}`, 'utf16le')],
    ['quotes', plain.map(line => line.replace(/[^,]+/g, '"$&"')).join('\n')],
  ])('are read with %s', async (_, content) => {
    expect(await times(content)).toEqual({
      ids: [
        ['1', T0 + 1],
        ['2', T0 + 2],
      ],
      bad: {},
    })
  })

  it('of a row with more or fewer fields than the header, or cut off, are not read', async () => {
    expect(await times([HEADER, row(1), `${row(2)},1`, row(3).slice(0, -4), row(2), 'binance,BTCUSDT,4'].join('\n'))).toEqual({
      ids: [
        ['1', T0 + 1],
        ['2', T0 + 2],
      ],
      bad: { unreadable: 3 },
    })
  })

  it('behind a break in a quoted field are at their own line', async () => {
    const { rows, bad, logged } = await read([`${HEADER},note`, `${row(1)},"two\nlines"`, `${row(2, T0, { price: 'x' })},`, `${row(3)},`])
    expect(rows.map(({ id }) => id)).toEqual(['1', '3'])
    expect([bad, logged[0]]).toEqual([{ price: 1 }, expect.objectContaining({ where: 4 })])
  })
})

describe('a file of candles', () => {
  const header = 'open_time_ms,open,high,low,close,volume_base'
  const candle = (t: number) => `${t},2,4,1,3,5`
  const minutes = (n: number, step = 60_000) => Array.from({ length: n }, (_, i) => candle(T0 + i * step))

  it('gives a tick a candle, as long as the smallest step', async () => {
    const { rows, batches } = await read([header, ...minutes(3, 300_000)], { name: 'x_BTCUSDT_5m.csv' })
    expect(rows.map(({ type, symbol, source, t, price, size, id }) => [type, symbol, source, t, price, size, id.slice(12)])).toEqual(
      [0, 1, 2].map(i => [CANDLE, 'BTC-USDT', 'replay', T0 + (i + 1) * 300_000 - 1, 3, 5, `:${i + 2}`]),
    )
    const spans = batches.flatMap(batch => (batch.kind === 'ticks' ? [...batch.columns.candle!.span.subarray(0, batch.to)] : []))
    expect(spans).toEqual(Array(3).fill(300_000))
  })

  it('tells the step by each symbol of its own', async () => {
    const both = [0, 1, 2].flatMap(i => [`A-USD,${candle(T0 + i * 60_000)}`, `B-USD,${candle(T0 + 1_000 + i * 60_000)}`])
    const { rows } = await read([`symbol,${header}`, ...both])
    expect(rows.map(({ t }) => t - T0)).toEqual([59_999, 60_999, 119_999, 120_999, 179_999, 180_999])
  })

  it('of one row is of a minute', async () => {
    expect((await read([header, candle(T0)], { fragment: 'BTCUSDT' })).rows[0]!.t).toBe(T0 + 59_999)
  })

  it.each([
    ['its column', { name: 'x_ETHUSDT_1m.csv', fragment: 'XRPUSDT' }, `symbol,${header}`, 'BTCUSDT,', 'BTC-USDT'],
    ['what was asked for', { name: 'x_ETHUSDT_1m.csv', fragment: 'XRPUSDT' }, header, '', 'XRP-USDT'],
    ['a part of its name', { name: 'binance_ETHUSDT_1m_20210420.csv.gz' }, header, '', 'ETH-USDT'],
    ['a part of its name that the configuration maps', { name: 'BTCUSDT_sol_1m.csv', symbols: { sol: 'SOL-USD' } }, header, '', 'SOL-USD'],
    ['a part of its name with a known quote', { name: 'my-file_2021-04_BTC-EUR.csv' }, header, '', 'BTC-EUR'],
  ])('has the symbol of %s', async (_, file, first, prefix, symbol) => {
    const content = [first, `${prefix}${candle(T0)}`].join('\n')
    const { rows } = await read(file.name.endsWith('.gz') ? gzipSync(content) : content, file)
    expect(rows.map(row => row.symbol)).toEqual([symbol])
  })

  it('says beforehand of which symbol it speaks, where it speaks of one', async () => {
    expect((await open([header, candle(T0)], { fragment: 'BTCUSDT' })).feed.symbols).toEqual(['BTC-USDT'])
    expect((await open([`symbol,${header}`, `A-USD,${candle(T0)}`])).feed.symbols).toBeUndefined()
  })

  it('counts candles that cannot be', async () => {
    const { rows, bad } = await read(
      [header, candle(T0), `${T0 + 60_000},2,1,3,2,5`, `${T0 + 60_000},2,4,1,3,x`, '1,2', candle(T0 + 120_000)],
      { fragment: 'BTCUSDT' },
    )
    expect(rows).toHaveLength(2)
    expect(bad).toEqual({ price: 1, size: 1, unreadable: 1 })
  })

  it('that goes symbol by symbol loses none', async () => {
    const of = (symbol: string) => minutes(5).map(line => `${symbol},${line}`)
    const { rows, bad } = await read([`symbol,${header}`, ...of('A-USD'), ...of('B-USD'), ...of('C-USD')])
    expect([rows.length, bad]).toEqual([15, {}])
  })

  it('leaves out a candle far ahead of its time', async () => {
    const { rows, bad } = await read([header, ...minutes(3), candle(T0 + 9e9), candle(T0 + 180_000)], { fragment: 'BTCUSDT' })
    expect([rows.length, bad]).toEqual([4, { time: 1 }])
  })
})

describe('a file of raw messages', () => {
  const trade = (t: number, venueTime = T0 + t) => ({
    stream: 'btcusdt@trade',
    data: { e: 'trade', s: 'BTCUSDT', t, T: venueTime, p: '1', q: '1', m: false, M: true },
  })
  const stamped = (message: unknown, at = T0) => `${at}123456 ${JSON.stringify(message)}`
  const received = (conn: string, message: unknown, at = T0) =>
    JSON.stringify({ t: 'recv', conn, ts: at / 1_000, data: JSON.stringify(message) })
  const connected = (conn: string, addr: string) => JSON.stringify({ t: 'connect', conn, ts: T0 / 1_000, addr })

  it('is read by the venue that its messages show', async () => {
    const { rows, bad, messages } = await read([stamped(trade(1)), 'half a li', stamped(trade(2)), stamped(trade(5)), '{"t":"recv"}'])
    expect(rows.map(({ id, source }) => [id, source])).toEqual([
      ['1', 'binance'],
      ['2', 'binance'],
      ['5', 'binance'],
    ])
    expect([bad, messages]).toEqual([{ unreadable: 2, gap: 2 }, 5])
  })

  it('is read by the venue that is named where its messages show none', async () => {
    const book = { topic: 'orderbook.1.BTCUSDT', type: 'snapshot', ts: T0, data: { s: 'BTCUSDT', b: [['1', '1']], a: [['2', '1']], u: 1 } }
    expect((await read([stamped(book)], { fragment: 'bybit-linear' })).rows).toMatchObject([
      { symbol: 'BTC-USDT-PERP', source: 'bybit-linear' },
    ])
    expect(await refusal([stamped(book)])).toBe(
      `replay:file.csv: found messages that name no venue, expected #VENUE, one of ${VENUES.map(({ name }) => name).join(', ')}`,
    )
    expect(await refusal([stamped(book)], { fragment: 'bibit' })).toContain('found #bibit, expected #VENUE, one of')
  })

  it('lets every connection count for itself, and go on counting when it is made again', async () => {
    const spot = 'wss://stream.binance.com:9443/stream'
    const { rows, bad } = await read([
      JSON.stringify({ t: 'http', conn: 'h', ts: 1, url: 'https://api.binance.com' }),
      connected('a', spot),
      connected('b', spot),
      JSON.stringify({ t: 'send', conn: 'a', ts: 1, data: '{}' }),
      received('a', trade(1)),
      received('b', trade(101)),
      received('a', trade(2)),
      received('b', trade(104)),
      connected('b', spot),
      received('b', trade(110)),
      received('a', trade(3)),
    ])
    expect(rows.map(({ id }) => id)).toEqual(['1', '101', '2', '104', '110', '3'])
    expect(bad).toEqual({ gap: 7 })
  })

  it('brings connections that were written one after the other side by side again', async () => {
    const spot = 'wss://stream.binance.com:9443/stream'
    const at = (conn: string, seconds: number, id: number) => {
      const ts = T0 / 1_000 + seconds
      const symbol = conn === 'a' ? 'BTCUSDT' : 'ETHUSDT'
      const data = { e: 'trade', s: symbol, t: id, T: ts * 1_000 - 30, p: '1', q: '1', m: false, M: true }
      return JSON.stringify({ t: 'recv', conn, ts, data: JSON.stringify({ stream: 'x@trade', data }) })
    }
    const connection = (conn: string, first: number) => [
      JSON.stringify({ t: 'connect', conn, ts: T0 / 1_000, addr: spot }),
      ...Array.from({ length: 3_000 }, (_, i) => at(conn, first + i * 2, i)),
    ]
    const [a, b] = [connection('a', 1), connection('b', 2)]
    const grouped = await read([...a, ...b])
    const interleaved = await read(a.flatMap((line, i) => [line, b[i]!]))
    expect(grouped.rows).toHaveLength(6_000)
    expect(grouped.rows).toEqual(interleaved.rows)
    expect(grouped).toMatchObject({ bad: {}, messages: 6_000 })
  })

  it('stays in the order of the file where receipts go back again and again', async () => {
    const lines = Array.from({ length: 200 }, (_, i) => received('a', trade(i), T0 + (i % 2) * 5_000))
    const { trades, logged } = await read(lines)
    expect(trades.map(({ id }) => Number(id))).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect(logged).toMatchObject([{ runs: 100, most: 32 }])
  })

  it('of no venue that is read is refused, with the address that they came from', async () => {
    const address = 'wss://ws.nowhere.example'
    expect(await refusal([connected('x', address), received('x', { arg: { channel: 'trades' }, data: [] })])).toContain(
      `found messages of ${address}, expected #VENUE, one of`,
    )
  })

  it('counts the messages of a connection that nobody here understands', async () => {
    const { rows, bad } = await read([
      connected('a', 'wss://stream.binance.com:9443/stream'),
      connected('x', 'wss://ws.nowhere.example'),
      received('a', trade(1)),
      received('x', { arg: { channel: 'trades' }, data: [] }),
    ])
    expect([rows.length, bad]).toEqual([1, { unreadable: 1 }])
  })

  it('have receipts in seconds, ms, µs and ns, and times in ms and µs', async () => {
    const said = (i: number, stamp: string, t = T0) => `${stamp} ${JSON.stringify(trade(i, t))}`
    const { trades, bad } = await read([
      said(1, `${T0 / 1e3}`),
      said(2, String(T0)),
      said(3, `${T0}000`),
      said(4, `${T0}000000`),
      said(5, String(T0), T0 * 1_000),
    ])
    expect([trades.map(({ id, t }) => [id, t]), bad]).toEqual([['1', '2', '3', '4', '5'].map(id => [id, T0]), {}])
  })

  it('ahead of now are left out', async () => {
    const year2100 = Date.UTC(2100, 0, 1)
    const { rows, bad } = await read([stamped(trade(1)), received('', trade(2), year2100), received('', trade(3, year2100), T0)])
    expect([rows.length, bad.time]).toEqual([1, 2])
  })

  it('judges times by the receipt', async () => {
    const { rows, bad } = await read([stamped(trade(1, T0 + 5_000)), stamped(trade(2, T0 + 5_001))])
    expect([rows.length, bad]).toEqual([1, { time: 1 }])
  })
})

describe('a file of event logs', () => {
  const topic = `0x${'c4'.repeat(32)}`
  const exported = {
    block_number: 18937382,
    block_timestamp: '2024-01-05T00:00:23Z',
    log_index: 169,
    address: '0x88e6',
    topics: [topic],
    data: '0xff',
  }
  const hex = (n: number) => `0x${n.toString(16)}`
  const seconds = Date.UTC(2024, 0, 5, 0, 0, 23) / 1_000
  const rpc = {
    blockNumber: hex(18937382),
    blockTimestamp: hex(seconds),
    logIndex: hex(169),
    address: '0x88e6',
    topics: [topic],
    data: '0xff',
  }
  const logs = async (...lines: unknown[]) => {
    const { batches, ...rest } = await read(lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))))
    return { ...rest, logs: batches.flatMap(batch => (batch.kind === 'chain' ? batch.logs : [])) }
  }

  it('has the names of an export or of eth_getLogs', async () => {
    const wanted = { t: seconds * 1_000, block: 18937382, index: 169, address: '0x88e6', topics: [topic], data: '0xff' }
    const { address: _, ...single } = exported
    const inSeconds = { ...exported, block_timestamp: seconds }
    const got = await logs(exported, rpc, inSeconds, single, { ...rpc, removed: true }, { ...rpc, removed: false })
    expect(got.logs).toEqual([wanted, wanted, wanted, { ...wanted, address: '' }, { ...wanted, removed: true }, wanted])
    expect(got).toMatchObject({ bad: {}, messages: 6 })
  })

  it.each([
    ['ms', seconds * 1e3],
    ['µs', seconds * 1e6],
    ['ns, as text', `${seconds}000000000`],
    ['hexadecimal ms', hex(seconds * 1e3)],
    ['no zone', '2024-01-05 00:00:23'],
    ['no zone and a T', '2024-01-05T00:00:23.000'],
    ['the zone behind a blank', '2024-01-05 00:00:23 UTC'],
  ])('has the time of its block with %s', async (_, block_timestamp) => {
    const zone = process.env.TZ
    process.env.TZ = 'America/New_York'
    try {
      const got = await logs({ ...exported, block_timestamp })
      expect([got.logs.map(({ t }) => t), got.bad]).toEqual([[seconds * 1_000], {}])
    } finally {
      process.env.TZ = zone
    }
  })

  it('leaves out a time ahead of now, and one that is years ahead of its neighbours', async () => {
    const at = (block_timestamp: string) => ({ ...exported, block_timestamp })
    const got = await logs(exported, at('2025-06-01'), exported, at('2100-01-01'), exported)
    expect([got.logs.map(({ t }) => t), got.bad]).toEqual([[seconds * 1_000, seconds * 1_000, seconds * 1_000], { time: 2 }])
  })

  it.skipIf(!haveReports)(
    'reads the names and the zero of Etherscan: times, and "0x" as an index (skipped where the reports are not)',
    async () => {
      const got = await read(readFileSync(reportFile('r22-etherscan-logs', 'log.ndjson')))
      const logs = got.batches.flatMap(batch => (batch.kind === 'chain' ? batch.logs : []))
      const t = Date.UTC(2021, 4, 5, 22, 15, 1)
      expect(logs).toMatchObject([
        { t, block: 0xbcdb3b, index: 0x49 },
        { t, block: 0xbcdb3c, index: 0 },
      ])
      expect(got.bad).toEqual({})
    },
  )

  it('reads whole answers of Etherscan or a node, a line', async () => {
    const { block_timestamp: _, ...bare } = exported
    const one = { ...bare, timeStamp: String(seconds), topics: [...exported.topics, null, null] }
    const got = await logs({ status: '1', message: 'OK', result: [one, { ...one, log_index: '0x' }] }, { result: [] }, [exported])
    expect(got.logs.map(({ index, topics }) => [index, topics.length])).toEqual([
      [0, 1],
      [169, 1],
      [169, 1],
    ])
    expect(got.bad).toEqual({})
  })

  it.skipIf(!haveReports)('tells logs apart whose index counts through their transaction (skipped where the reports are not)', async () => {
    const got = await read(readFileSync(reportFile('r22-log-index-within-transaction', 'log.ndjson')))
    const logs = got.batches.flatMap(batch => (batch.kind === 'chain' ? batch.logs : []))
    const pool = lonelyPool({ address: '0x1111111111111111111111111111111111111111' })
    for (const log of logs) expect(pool.apply(log)).toBe(true)
    const { price, trades24h, partial } = pool.figures(logs.at(-1)!.t)
    expect([price.toFixed(2), trades24h, partial]).toEqual(['1688.31', 2, false])
  })

  it('counts what is none', async () => {
    const got = await logs(
      exported,
      '{"block',
      { ...exported, topics: 'c4' },
      { ...exported, topics: [1] },
      { ...exported, data: 'swap' },
      { ...exported, log_index: -1 },
      { ...exported, block_number: '0x' },
      { ...exported, block_timestamp: undefined },
      { ...exported, block_timestamp: 1 },
      null,
    )
    expect([got.logs.length, got.bad, got.messages]).toEqual([1, { unreadable: 7, time: 2 }, 10])
    expect(got.logged[0]).toMatchObject({ kind: 'unreadable', where: 2 })
  })
})

describe('a file that cannot be replayed', () => {
  const kinds = 'expected trades CSV (symbol,price,ts_ms,qty …), candle CSV'
  it.each([
    ['is empty', '', `replay:file.csv: found an empty file, ${kinds}`],
    ['holds blank lines only', '\n\n\n', `found an empty file, ${kinds}`],
    ['is of another kind', 'name,colour\nrose,red\n', `replay:file.csv: found "name,colour", ${kinds}`],
    ['is a long line of nothing', 'x'.repeat(1_000), `found "${'x'.repeat(60)}…", ${kinds}`],
    ['is JSON of another kind', '{"a":1}\n', `found "{\\"a\\":1}", ${kinds}`],
    [
      'lacks columns of trades',
      'symbol,price\n',
      'replay:file.csv: found the columns symbol,price, expected also exch_ts_ms or ts_ms, qty or size',
    ],
    ['lacks the symbol of trades', 'price,ts_ms,qty\n', 'found the columns price,ts_ms,qty, expected also symbol'],
    [
      'lacks columns of candles',
      'open_time_ms,open,close\n',
      'found the columns open_time_ms,open,close, expected also high, low, volume_base',
    ],
    [
      'does not say the candles’ symbol',
      'open_time_ms,open,high,low,close,volume_base\n',
      'found candles without a symbol in a file named file.csv, expected a column symbol',
    ],
    ['is no gzip', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 'found Z_DATA_ERROR, expected a file that can be read'],
  ])('%s', async (_, content, message) => {
    expect(await refusal(content)).toContain(message)
  })

  it('is not there, or is no file', async () => {
    const opening = (spec: string) => replay({ spec, base: folder, map: symbolMap({}), environment: new VirtualEnvironment() })
    await expect(opening('replay:nowhere.csv')).rejects.toThrow('replay:nowhere.csv: found ENOENT, expected a file that can be read')
    await expect(opening('replay:.')).rejects.toThrow('replay:.: found EISDIR, expected a file that can be read')
    await expect(opening('replay:')).rejects.toThrow('replay:: found no file name, expected replay:FILE')
  })

  it('names a symbol for its candles that is none', async () => {
    expect(await refusal('open_time_ms,open,high,low,close,volume_base\n', { fragment: 'WHAT' })).toContain(
      'found the symbol WHAT, expected',
    )
  })
})

it('stops soon after it is asked to', async () => {
  const stop = new AbortController()
  const { feed } = await open([HEADER, ...Array.from({ length: 50_000 }, (_, i) => row(i))])
  let batches = 0
  for await (const _ of feed.open(feedContext({ signal: stop.signal }))) {
    batches += 1
    stop.abort()
  }
  expect(batches).toBe(1)
})
