import { fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { firstValueFrom, take, toArray } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { formatDecimal, parseDecimal } from '../../streams/lib/decimal.ts'
import { UsageError } from '../config/options.ts'
import { type CcxtOptions, openCcxt } from '../exchange/ccxt.ts'
import type { Exchange, ExchangeOrder, Report } from '../exchange/exchange.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { Venue } from './rebalanceVenue.ts'

const n = (text: string): bigint => parseDecimal(text)!
const silent = pino({ level: 'silent' })
const order = (id: string, more: Partial<ExchangeOrder> = {}): ExchangeOrder => ({
  id,
  side: 'sell',
  asset: 'BTC',
  quote: 'USD',
  amount: n('2'),
  limit: n('100.5'),
  ...more,
})
/** Reports as one reads them. */
const readable = (reports: readonly Report[]): unknown =>
  JSON.parse(JSON.stringify(reports, (_, value: unknown) => (typeof value === 'bigint' ? formatDecimal(value) : value)))

let venue: Venue
let exchange: Exchange
const begin = async (): Promise<void> => {
  venue = await Venue.open(['BTC'])
  exchange = await openCcxt({ ...(venue.config as CcxtOptions), quote: 'USD' }, silent)
}
afterEach(async () => {
  await exchange?.close()
  venue?.close()
})
const next = (count: number): Promise<unknown> => firstValueFrom(exchange.reports$.pipe(take(count), toArray())).then(readable)

describe('a venue by ccxt', () => {
  it('tells of an order its fills and its end, once more when it is asked, and nothing of one that it does not know', async () => {
    await begin()
    venue.manners = () => ({ fills: [50, 25] })
    const told = next(3)
    exchange.submit(order('f-1-1-1'))
    const fills = [
      { order: 'f-1-1-1', kind: 'fill', id: '1000', amount: '1', price: '100.5', fee: { asset: 'USD', amount: '0.1005' } },
      { order: 'f-1-1-1', kind: 'fill', id: '1001', amount: '0.5', price: '100.5', fee: { asset: 'USD', amount: '0.05025' } },
      { order: 'f-1-1-1', kind: 'done', filled: '1.5' },
    ]
    expect(await told).toEqual(fills)
    const again = next(4)
    exchange.ask(order('f-1-1-1'))
    exchange.ask(order('f-1-1-2'))
    expect(await again).toEqual([...fills, { order: 'f-1-1-2', kind: 'unknown' }])
    expect(venue.orders).toMatchObject([{ clientOrderId: 'f-1-1-1', symbol: 'BTCUSDT', side: 'SELL' }])
  })

  it('says what it rejects, and an order that is there already is the same one', async () => {
    await begin()
    venue.manners = at => ({ rejects: at === 0 })
    const rejected = next(1)
    exchange.submit(order('f-1-1-1'))
    expect(await rejected).toMatchObject([{ order: 'f-1-1-1', kind: 'rejected', why: expect.stringMatching(/insufficient balance/) }])
    const twice = next(4)
    exchange.submit(order('f-1-1-2'))
    exchange.submit(order('f-1-1-2'))
    expect(await twice).toMatchObject([{ kind: 'fill' }, { kind: 'done' }, { kind: 'fill', id: '1000' }, { kind: 'done', filled: '2' }])
    expect(venue.trades).toHaveLength(1)
  })

  it('has its usual fee booked where it does not tell it', async () => {
    await begin()
    venue.tellsFees = false
    const told = next(1)
    exchange.submit(order('f-1-1-1', { limit: n('100') }))
    expect(await told).toMatchObject([{ kind: 'fill', amount: '2', price: '100', fee: { asset: 'USD', amount: '0.2' } }])
  })

  it('is silent of an order whose answer was lost, until it is asked', async () => {
    await begin()
    venue.meets = async (phase, what) => !(phase === 'done' && what === 'POST order')
    const told = next(2)
    exchange.submit(order('f-1-1-1'))
    exchange.ask(order('f-1-1-1'))
    expect(await told).toMatchObject([{ kind: 'fill' }, { kind: 'done', filled: '2' }])
    expect(venue.orders).toHaveLength(1)
  })

  it('is begun while the venue is away, and trades when it is there again', async () => {
    venue = await Venue.open(['BTC'])
    venue.away = true
    exchange = await openCcxt({ ...(venue.config as CcxtOptions), quote: 'USD' }, silent)
    venue.away = false
    const told = next(2)
    exchange.submit(order('f-1-1-1'))
    expect(await told).toMatchObject([{ order: 'f-1-1-1', kind: 'fill' }, { kind: 'done' }])
  })

  it('is not begun with a venue that ccxt does not know', async () => {
    const opening = openCcxt({ venue: 'nowhere', options: {}, names: {}, quote: 'USD', feeBps: 10 }, silent)
    await expect(opening).rejects.toThrow(UsageError)
    await expect(opening).rejects.toThrow(/found "nowhere", expected one that ccxt/)
  })

  it('is not begun where there is no ccxt, and that is said', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'driftwire-no-ccxt-'))
    copyFileSync(join(packageRoot(), 'dist', 'server', 'exchange', 'ccxtProcess.js'), join(folder, 'process.mjs'))
    const child = fork(join(folder, 'process.mjs'), [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] })
    child.send({ open: { venue: 'binance', options: {} } })
    const [message] = await once(child, 'message')
    expect(message).toEqual({ fatal: expect.stringMatching(/found no package "ccxt".*npm install ccxt/) })
    child.disconnect()
    await once(child, 'exit')
    rmSync(folder, { recursive: true })
  })
})
