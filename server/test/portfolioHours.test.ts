import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { importTransactions } from '../cli/importTransactions.ts'
import { RunningServer } from '../cli/server.ts'
import type { State } from './protocolClient.ts'
import { ADMIN_TOKEN, file, ProtocolServer, tradesFile } from './protocolKit.ts'
import { haveRecordings, recordedLines, recordings } from './recordings.ts'

/** The hours of portfolios as a running server answers them. */

const HOUR = 3_600_000
const DAY = 24 * HOUR

interface Hour extends State {
  readonly t: number
  readonly value?: number
  readonly total?: number
  readonly day?: number
  readonly known?: { readonly value: number; readonly total: number }
  readonly assets: Record<string, { qty: number; price?: number; value?: number; realised: number; unrealised?: number }>
  readonly unpriced: Record<string, string>
  readonly carried?: Record<string, number>
}

let server: ProtocolServer
afterEach(() => server.stop())

/** All rows, page by page. */
const history = async (portfolio: string, query: Record<string, number>): Promise<Hour[]> => {
  const rows: Hour[] = []
  let cursor: string | undefined
  do {
    const asked = new URLSearchParams({
      ...Object.fromEntries(Object.entries(query).map(([k, v]) => [k, String(v)])),
      ...(cursor && { cursor }),
    })
    const page = await server.json<{ rows: Hour[]; next?: string }>(`/v1/history/pnl:${portfolio}?${asked}`)
    rows.push(...page.rows)
    cursor = page.next
  } while (cursor !== undefined)
  return rows
}

const near = (found: number | undefined, wanted: number, what: string): void => {
  if (!(Math.abs((found ?? Number.NaN) - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)))) expect.fail(`${what}: ${found} for ${wanted}`)
}

describe('a portfolio older than its server', () => {
  const BEGIN = Date.UTC(2023, 0, 1)
  const LIVE = Date.UTC(2023, 0, 3, 12)
  const CANDLES = 80

  /** Two days and a half of hours in the store, then a replay of two minutes. */
  const started = async (): Promise<void> => {
    file('old.csv', `t,type,asset,qty,price\n${BEGIN + 1},buy,OLD,2,50\n${BEGIN + DAY},sell,OLD,1,70\n`)
    const trades = Array.from({ length: 120 }, (_, i) => ({
      symbol: 'OLD-USD',
      t: LIVE + 500 + 1_000 * i,
      price: 200 + (i % 7),
      id: `o${i}`,
    }))
    const portfolios = [{ id: 'old', transactions: 'old.csv' }]
    server = await ProtocolServer.start({ portfolios, feeds: [`replay:${tradesFile('old-trades.csv', trades)}`] }, '--speed', 'max')
    await server.replayed()
    const candle = (i: number): string => {
      const price = 50 + i
      const openT = BEGIN - 10 * HOUR + i * HOUR
      return JSON.stringify({ symbol: 'OLD-USD', open_t: openT, span: HOUR, o: price, h: price, l: price, c: price, v: 1, id: `c${i}` })
    }
    const body = Array.from({ length: CANDLES }, (_, i) => `${candle(i)}\n`)
      .filter((_, i) => BEGIN - 10 * HOUR + (i + 1) * HOUR <= LIVE)
      .join('')
    const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${ADMIN_TOKEN}` }
    await server.json('/v1/admin/candles', { method: 'POST', headers, body })
  }

  it('has its hours before what was stored while it was live, and then that, without a gap and in order', async () => {
    await started()
    const rows = await history('old', { from: 0, to: LIVE + DAY })
    const hours = rows.filter(({ t }) => t <= LIVE)
    const live = rows.filter(({ t }) => t > LIVE)
    expect(hours.map(({ t }) => t)).toEqual(Array.from({ length: 60 }, (_, i) => BEGIN + (i + 1) * HOUR))
    expect(live[0]!.t).toBe(LIVE + 1_000)
    expect(live.length).toBeGreaterThan(100)
    for (const { t, assets, value, total } of hours) {
      const price = 50 + 10 + (t - BEGIN) / HOUR - 1
      const sold = t >= BEGIN + DAY
      expect([t, assets.OLD!.price, value]).toEqual([t, price, (sold ? 1 : 2) * price])
      expect(total).toBeCloseTo(sold ? 20 + price - 50 : 2 * (price - 50), 9)
    }
  })

  it('has whole hours alone, or days, where these are asked for', async () => {
    await started()
    const day = await history('old', { from: 0, to: LIVE + DAY, step: DAY })
    expect(day.map(({ t }) => t)).toEqual([BEGIN + DAY, BEGIN + 2 * DAY, LIVE])
    expect((await history('old', { from: BEGIN + 5 * HOUR, to: BEGIN + 8 * HOUR, step: HOUR })).map(({ t }) => (t - BEGIN) / HOUR)).toEqual(
      [5, 6, 7],
    )
  })

  it('gives both to a subscriber that asks from when, and then its snapshot', async () => {
    await started()
    const client = await server.client()
    const replies = await client.subscribe(['pnl:old'], { from: BEGIN })
    expect(replies['pnl:old']).not.toHaveProperty('error')
    const { pushes, rows } = await client.replica('pnl:old')
    expect(rows.map(({ t }) => t as number)).toEqual((await history('old', { from: BEGIN, to: pushes[0]!.t! })).map(({ t }) => t))
  })
})

describe('transactions that are older than the server', () => {
  const BEGIN = Date.UTC(2023, 0, 1)
  const LIVE = Date.UTC(2023, 0, 3, 12)
  const priceAt = (hour: number): number => 50 + ((hour * 7) % 23)
  const ROWS = [
    [BEGIN + 2 * HOUR, 'buy', 2],
    [BEGIN + 9 * HOUR + 60_000, 'buy', 1],
    [BEGIN + 30 * HOUR, 'sell', 1.5],
  ] as const

  /** The return and the fall, worked out hour by hour: prices change at the ends of hours only. */
  const naive = (last: number, rows: readonly (readonly [number, string, number])[] = ROWS): { twr: number; abs: number } => {
    let growth = 1
    let peak = 0
    let abs = 0
    let qty = 0
    let paid = 0
    for (let hour = 1; BEGIN + hour * HOUR <= LIVE; hour++) {
      const [before, now] = [priceAt(hour - 1), priceAt(hour)]
      // Rows within the hour come at the price of its beginning, those of its end at the new one.
      for (const [t, type, amount] of rows) {
        if (!(t > BEGIN + (hour - 1) * HOUR && t < BEGIN + hour * HOUR)) continue
        qty += type === 'buy' ? amount : -amount
        paid += (type === 'buy' ? amount : -amount) * before
      }
      if (qty > 0) growth *= now / before
      for (const [t, type, amount] of rows) {
        if (t !== BEGIN + hour * HOUR) continue
        qty += type === 'buy' ? amount : -amount
        paid += (type === 'buy' ? amount : -amount) * now
      }
      const total = qty * now - paid
      peak = Math.max(peak, total)
      abs = Math.max(abs, peak - total)
    }
    growth *= last / priceAt(60)
    const total = qty * last - paid
    return { twr: growth - 1, abs: Math.max(abs, Math.max(peak, total) - total) }
  }

  it('have no return and no drawdown until the prices of their time are there, and then those of the hours; a new start keeps them', async () => {
    const rows = ROWS.map(([t, type, qty]) => `${t},${type},ELDER,${qty},${priceAt(Math.floor((t - BEGIN) / HOUR))}`)
    file('older.csv', `t,type,asset,qty,price\n${rows.join('\n')}\n`)
    const trades = [{ symbol: 'ELDER-USD', t: LIVE + 500, price: 71, id: 'o1' }]
    const config = { portfolios: [{ id: 'older', transactions: 'older.csv' }], feeds: [`replay:${tradesFile('older-trades.csv', trades)}`] }
    server = await ProtocolServer.start(config, '--speed', 'max')
    await server.replayed()
    const state = (): Promise<Hour & { twr?: number; drawdown?: { abs: number } }> => server.json('/v1/state/pnl:older')
    const before = await state()
    expect([before.twr, before.drawdown, before.day]).toEqual([undefined, undefined, undefined])
    const client = await server.client()
    await client.subscribe(['pnl:older'])
    const shown = await client.replica('pnl:older')
    const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${ADMIN_TOKEN}` }
    const candles = Array.from({ length: 61 }, (_, hour) => {
      const price = priceAt(hour)
      return JSON.stringify({
        symbol: 'ELDER-USD',
        open_t: BEGIN + (hour - 1) * HOUR,
        span: HOUR,
        o: price,
        h: price,
        l: price,
        c: price,
        v: 1,
        id: `h${hour}`,
      })
    })
    await server.json('/v1/admin/candles', { method: 'POST', headers, body: `${candles.join('\n')}\n` })
    await client.until(() => shown.state.twr !== undefined)
    const { twr, abs } = naive(71)
    const known = await state()
    expect(known.twr).toBeCloseTo(twr, 9)
    expect(known.drawdown!.abs).toBeCloseTo(abs, 9)
    expect(known.day).toBeCloseTo(1.5 * (71 - priceAt(48)), 9)
    await server.stop()
    server = await ProtocolServer.start(
      { ...config, feeds: [`replay:${tradesFile('older-more.csv', [{ ...trades[0]!, t: LIVE + 9_500, id: 'o2' }])}`] },
      '--speed',
      'max',
    )
    await server.replayed()
    const { twr: again, drawdown, day } = await state()
    expect([again, drawdown, day]).toEqual([known.twr, known.drawdown, known.day])
    // One more of the same time: it belongs to the way, too.
    const late = [BEGIN + 20 * HOUR + 60_000, 'buy', 8] as const
    const watcher = await server.client()
    await watcher.subscribe(['pnl:older'])
    const after = await watcher.replica('pnl:older')
    const row = { t: late[0], type: late[1], asset: 'ELDER', qty: '8', price: String(priceAt(20)), id: 'late' }
    await server.json('/v1/portfolios/older/transactions', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ transactions: [row] }),
    })
    const [one, two, three] = ROWS
    const wanted = naive(71, [one, two, late, three])
    const fallen = (): number => (after.state.drawdown as { abs: number } | undefined)?.abs ?? Number.NaN
    await watcher.until(() => Math.abs(fallen() - wanted.abs) < 1e-9)
    expect((await state()).twr).toBeCloseTo(wanted.twr, 9)
  })
})

const WALLET = '0x9ad227d56a36b33407916f3293db2d298095dca9'
const ASSETS = ['AAVE', 'ADA', 'ALGO', 'ATOM', 'BCH', 'BTC', 'DASH', 'DOGE', 'DOT', 'EOS', 'ETH', 'IOTA', 'LINK', 'LTC', 'XMR', 'XRP']

describe.skipIf(!haveRecordings)('recorded prices (they stand beside the project; skipped where they do not)', () => {
  it('sixteen assets over three weeks: the newest hour is what the replay shows at its end', async () => {
    const FIRST = Date.UTC(2021, 3, 20, 21)
    const rows = ASSETS.flatMap((asset, i) => [
      `${FIRST + i * 60_000},buy,${asset},${10 + i},${1 + i},0.5`,
      `${FIRST + 9 * DAY + i * 60_000},sell,${asset},${3 + i / 8},${2 + i},0.25`,
    ])
    file('sixteen.csv', `t,type,asset,qty,price,fee\n${rows.join('\n')}\n`)
    const feeds = ASSETS.map(asset => `replay:${join(recordings, 'klines', `binance_${asset}USDT_1m_20210420_20210512.csv.gz`)}`)
    const portfolios = [{ id: 'sixteen', transactions: 'sixteen.csv' }]
    server = await ProtocolServer.start({ quote: 'USDT', storeMs: 3_600_000, portfolios, feeds }, '--speed', 'max')
    await server.replayed()
    const hours = await history('sixteen', { from: 0, to: FIRST + 60 * DAY, step: HOUR })
    expect(hours.length).toBe((Date.UTC(2021, 4, 13) - FIRST) / HOUR + 1)
    const live = await server.json<Hour>('/v1/state/pnl:sixteen')
    const last = hours.at(-1)!
    for (const name of ['value', 'cost', 'unrealised', 'realised', 'income', 'expenses', 'fees', 'flows', 'total'] as const)
      near(last[name] as number, live[name] as number, name)
    expect(Object.keys(last.assets).sort()).toEqual(ASSETS)
    for (const asset of ASSETS)
      for (const name of ['qty', 'price', 'value', 'unrealised', 'realised'] as const)
        near(last.assets[asset]![name], live.assets[asset]![name]!, `${asset} ${name}`)
    // The exchange was away: no minute between 04:02 and 08:45.
    const away = hours.filter(({ carried }) => Object.keys(carried ?? {}).length > 0)
    expect(away.map(({ t }) => t)).toEqual([6, 7, 8].map(hour => Date.UTC(2021, 3, 25, hour)))
    for (const { carried } of away) expect(Object.keys(carried!).sort()).toEqual(ASSETS)
  }, 120_000)

  it('a real wallet: its 350 movements give the published balances, and its gain is given hour by hour', async () => {
    const [header, ...lines] = recordedLines('wallets/eth_wallet_0x9ad227d5_transfers.csv.gz')
    const columns = header!.trim().split(',')
    const moves = lines.map(line =>
      Object.fromEntries(
        line
          .trim()
          .split(',')
          .map((field, i) => [columns[i], field]),
      ),
    ) as Record<string, string>[]
    expect(moves.length).toBe(350)
    const priced = moves.filter(move => move.asset === 'ETH' && move.eth_usd_price)
    const ticks = new Map(priced.map(move => [`${move.timestamp}:${move.eth_usd_price}`, move] as const))
    const trades = [...ticks.values()]
      .map((move, i) => ({ symbol: 'ETH-USD', t: Number(move.timestamp) * 1_000, price: move.eth_usd_price!, id: `e${i}` }))
      .sort((a, b) => a.t - b.t)
    server = await ProtocolServer.start(
      { portfolios: [{ id: 'wallet' }], feeds: [`replay:${tradesFile('wallet-prices.csv', trades)}`] },
      ...['--speed', 'max'],
    )
    await server.replayed()
    const imported = { accepted: 0, known: 0, refused: 0, ignored: 0 }
    const failing = (line: number, why: string) => expect.fail(`line ${line}: ${why}`)
    const path = join(recordings, 'wallets', 'eth_wallet_0x9ad227d5_transfers.csv.gz')
    const running = new RunningServer(`http://127.0.0.1:${server.port}`, undefined)
    await importTransactions(path, { portfolio: 'wallet', quote: 'USD' }, running, imported, { refused: failing, ignored: failing })
    expect(imported).toEqual({ accepted: 350, known: 0, refused: 0, ignored: 0 })

    // Balances, also of tokens whose price nobody knows; theirs were added up as floats.
    const shown = await server.json<{ accounts: Record<string, Record<string, number>>; unpriced: State }>('/v1/state/pnl:wallet')
    const own = shown.accounts[WALLET]!
    expect(Object.keys(shown.accounts)).toEqual([WALLET])
    const [, ...published] = readFileSync(join(recordings, 'wallets', 'eth_wallet_0x9ad227d5_expected_balances_by_source_tool.csv'), 'utf8')
      .trim()
      .split(/\r?\n/)
    expect(published.length).toBe(8)
    for (const line of published) {
      const [asset, came, , balance] = line.split(',') as [string, string, string, string]
      // Theirs are added up by symbol, whatever the contract.
      const ours = Object.entries(own).filter(([name]) => name === (asset === 'Ether' ? 'ETH' : asset) || name.startsWith(`${asset}.0x`))
      const off = Math.abs(ours.reduce((sum, [, qty]) => sum + qty, 0) - Number(balance))
      expect(off, asset).toBeLessThan(1e-15 * Number(came) + 1e-12)
    }

    // Every quantity is exact, with a price or without.
    const { assets, value, total } = await server.json<Hour>('/v1/state/pnl:wallet')
    for (const [asset, balance] of Object.entries(own)) expect(assets[asset]!.qty).toBeCloseTo(Math.max(0, balance), 9)
    expect(Object.values(assets).some(({ qty, price }) => qty > 0 && price === undefined)).toBe(true)
    expect([value, total]).toEqual([undefined, undefined])

    // What it holds at the price of then, less what came and plus what went at the price of its time; gas is lost.
    const hours = await history('wallet', { from: 0, to: Date.now(), step: HOUR })
    const first = Math.ceil((Number(moves[0]!.timestamp) * 1_000) / HOUR) * HOUR
    const end = Math.floor((trades.at(-1)!.t + 20) / HOUR) * HOUR
    expect(hours.map(({ t }) => t)).toEqual(Array.from({ length: (end - first) / HOUR + 1 }, (_, i) => first + i * HOUR))
    const steps = priced.map(move => ({
      t: Number(move.timestamp) * 1_000,
      amount: Number(move.signed_amount),
      cost: move.kind === 'fee' ? 0 : Number(move.signed_amount) * Number(move.eth_usd_price),
    }))
    let traded = 0
    for (const row of hours) {
      let qty = 0
      let paid = 0
      for (const { t, amount, cost } of steps) {
        if (t > row.t) continue
        qty += amount
        paid += cost
      }
      while (traded + 1 < trades.length && trades[traded + 1]!.t < row.t) traded += 1
      const price = Number(trades[traded]!.price)
      near(row.assets.ETH!.qty, qty, `qty at ${row.t}`)
      expect(row.assets.ETH!.price).toBe(price)
      // Tokens without a price leave the sums unknown; what is known stands beside them.
      const sums = Object.keys(row.unpriced).length > 0 ? row.known! : row
      near(sums.value, qty * price, `value at ${row.t}`)
      near(sums.total, qty * price - paid, `total at ${row.t}`)
      if (sums !== row) expect([row.value, row.total]).toEqual([undefined, undefined])
    }
  })
})
