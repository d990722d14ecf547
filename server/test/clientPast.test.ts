import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject, Shown, TickState } from '../../clients/driftwire-client/src/index.ts'
import { becomes, next, observed, once } from './clientKit.ts'
import { CuttingProxy } from './cuttingProxy.ts'
import { NOON, ProtocolServer, tradesFile } from './protocolKit.ts'

/** The past as the client package gives it: each row once, whatever becomes of the line. */

/** Three trades a second, each third one at the same ms as the one before: where a cut falls between those two, one of them comes again. */
const COUNT = 5_025
const trades = (from: number, count: number) =>
  Array.from({ length: count }, (_, k) => from + k).map(i => ({
    symbol: 'PAST-USD',
    t: NOON + 100 + 1_000 * Math.floor(i / 3) + (i % 3 === 0 ? 0 : 400),
    price: 100 + ((i * 37) % 1_201) / 8,
    id: `past-${i}`,
  }))
const CHANNEL = 'tick:PAST-USD'

let server: ProtocolServer
let proxy: CuttingProxy
const start = async (...files: string[]): Promise<void> => {
  server = await ProtocolServer.start({}, ...files.flatMap(name => ['--feed', `replay:${name}`]), '--speed', 'max')
  await server.replayed()
}
beforeAll(async () => {
  await start(tradesFile('past-1.csv', trades(0, COUNT)))
  proxy = await CuttingProxy.start(server.port)
})
afterAll(async () => {
  await proxy.close()
  await server.stop()
})
beforeEach(() => {
  proxy.watch = () => 'pass'
})

const ids = (rows: readonly JsonObject[]): string[] => rows.map(({ id }) => String(id).split(':').at(-1)!)
const wanted = (count: number): string[] => Array.from({ length: count }, (_, i) => `past-${i}`)
/** Rows end where the state begins: it has the trades of the newest time, which are two. */
const ROWS = COUNT - 2

describe('rows of the past', () => {
  it('come before the first state, each once', async () => {
    const { wire } = observed(proxy.url)
    const rows: JsonObject[] = []
    const mores: boolean[] = []
    const collect = (page: readonly JsonObject[], more: boolean): void => {
      rows.push(...page)
      mores.push(more)
    }
    const first = await once(wire.channel(CHANNEL, { from: NOON, rows: collect }))
    expect(ids(rows)).toEqual(wanted(ROWS))
    expect(mores).toEqual([true, true, true, true, true, false])
    expect(first.state.price).toBe(trades(COUNT - 1, 1)[0]!.price)
    expect(first).not.toHaveProperty('recovered')
  })

  it.each([1, 2, 5])('go on where they stopped if the line is cut after %i pages', async pages => {
    const { wire } = observed(proxy.url)
    let seen = 0
    proxy.watch = text => (text.includes('"rows":') && ++seen === pages + 1 ? 'cut' : 'pass')
    const rows: JsonObject[] = []
    await once(wire.channel(CHANNEL, { from: NOON, rows: page => rows.push(...page) }))
    expect(ids(rows)).toEqual(wanted(ROWS))
  })

  it('are each follower’s own, of the times that it asked for', async () => {
    const { wire } = observed(proxy.url)
    const [all, late]: [JsonObject[], JsonObject[]] = [[], []]
    const none: Shown<TickState>[] = []
    wire.channel(CHANNEL).subscribe(shown => none.push(shown))
    await Promise.all([
      once(wire.channel(CHANNEL, { from: NOON, rows: page => all.push(...page) })),
      once(wire.channel(CHANNEL, { from: NOON + 1_500_000, rows: page => late.push(...page) })),
    ])
    expect(ids(all)).toEqual(wanted(ROWS))
    expect(ids(late)).toEqual(wanted(ROWS).slice(4_500))
    expect(none.length).toBeGreaterThan(0)
  })
})

describe('history', () => {
  it('is read page by page, or as a whole', async () => {
    const { wire } = observed(proxy.url)
    const query = { from: NOON, to: NOON + 3_600_000 }
    expect(ids(await wire.history(CHANNEL, query).all())).toEqual(wanted(COUNT))
    const pages: number[] = []
    for await (const rows of wire.history(CHANNEL, query)) pages.push(rows.length)
    expect(pages.reduce((sum, n) => sum + n)).toBe(COUNT)
    await expect(wire.history('status', query).all()).rejects.toMatchObject({ code: 'invalid_params' })
  })

  it('is read by columns, of which only those come that were asked for', async () => {
    const { wire } = observed(proxy.url)
    const { price, t, ...others } = await wire.columns(CHANNEL, { from: NOON, to: NOON + 3_600_000, fields: ['price'] }).all()
    expect(price).toEqual(trades(0, COUNT).map(trade => trade.price))
    expect(t).toEqual(trades(0, COUNT).map(trade => trade.t))
    expect(others).toEqual({})
  })
})

it('a restart of the server is a hole that the follower learns of, and that rows of the past fill', async () => {
  const { wire } = observed(proxy.url)
  const plain: Shown<TickState>[] = []
  const rows: JsonObject[] = []
  wire.channel(CHANNEL).subscribe(shown => plain.push(shown))
  await new Promise(resolve => wire.channel(CHANNEL, { from: NOON, rows: page => rows.push(...page) }).subscribe(resolve))
  proxy.down = true
  await server.stop()
  await becomes(wire, 'reconnecting')
  await start(tradesFile('past-2.csv', trades(COUNT, 300)))
  proxy.target = server.port
  proxy.down = false
  const last = trades(COUNT + 299, 1)[0]!
  const state = await once(wire.channel(CHANNEL), shown => !shown.stale && shown.state.t === last.t)
  expect(state.state.price).toBe(last.price)
  const all = wanted(COUNT + 300)
  await expect.poll(() => ids(rows)).toEqual([...all.slice(0, ROWS), ...all.slice(COUNT, -2)])
  const back = plain.findIndex(({ recovered }) => recovered !== undefined)
  expect(plain[back]).toMatchObject({ recovered: false, stale: false })
  expect(plain.slice(0, back).some(({ stale }) => stale)).toBe(true)
  expect((await next(wire.channel(CHANNEL), 1))[0]).not.toHaveProperty('recovered')
})
