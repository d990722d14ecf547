import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import { Subject } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Command } from '../../streams/ledger/command.ts'
import type { Entry } from '../../streams/ledger/entry.ts'
import { readEntry } from '../../streams/ledger/entryText.ts'
import { formatDecimal, ONE, parseDecimal } from '../../streams/lib/decimal.ts'
import type { ClearingPort } from '../clearing/port.ts'
import { openThreadPort } from '../clearing/threadPort.ts'
import type { Exchange, ExchangeOrder, Report } from '../exchange/exchange.ts'
import { RebalanceExecutor } from './rebalanceExecutor.ts'

const n = (text: string): bigint => parseDecimal(text)!

/** How the exchange treats an order. */
interface Manners {
  /** Percent of it that each fill is; all of it where left out. */
  readonly fills?: readonly number[]
  readonly rejects?: boolean
  /** It never hears of the order. */
  readonly lost?: boolean
  /** It does not report by itself; `deaf`: nor when it is asked. */
  readonly mute?: boolean
  readonly deaf?: boolean
  readonly twice?: boolean
  /** The end is reported before the fills. */
  readonly endFirst?: boolean
}

/** An exchange whose books outlive their traders. It fills at the limit and takes a thousandth. */
class TestExchange implements Exchange {
  reports$ = new Subject<Report>()
  readonly submitted: ExchangeOrder[] = []
  readonly asked: string[] = []
  readonly cancelled: string[] = []
  readonly trades: (Report & { kind: 'fill' })[] = []
  manners: (nth: number) => Manners = () => ({})
  private readonly known = new Map<string, { said: Report[]; manners: Manners }>()

  submit(order: ExchangeOrder): void {
    this.submitted.push(order)
    const manners = this.manners(this.submitted.length - 1)
    if (manners.lost) return
    this.does(order, manners)
    if (!manners.mute && !manners.deaf) this.tell(order.id, manners.twice)
  }

  /** An order arrives. */
  does(order: ExchangeOrder, manners: Manners): void {
    const { fills = [100], rejects, endFirst } = manners
    const { id, side, amount, limit: price, quote } = order
    const trades = rejects
      ? []
      : fills.map((percent, i) => {
          const part = (amount * BigInt(percent)) / 100n
          const fee = { asset: quote, amount: (part * price) / ONE / 1000n }
          return { order: id, kind: 'fill', id: `${side}${this.trades.length + i}`, amount: part, price, fee } as const
        })
    this.trades.push(...trades)
    const end: Report = rejects
      ? { order: id, kind: 'rejected', why: 'no' }
      : { order: id, kind: 'done', filled: trades.reduce((sum, trade) => sum + trade.amount, 0n) }
    this.known.set(id, { said: endFirst ? [end, ...trades] : [{ order: id, kind: 'accepted' }, ...trades, end], manners })
  }

  cancel({ id }: ExchangeOrder): void {
    this.cancelled.push(id)
  }

  ask({ id }: ExchangeOrder): void {
    this.asked.push(id)
    const known = this.known.get(id)
    if (known === undefined) this.reports$.next({ order: id, kind: 'unknown' })
    else if (!known.manners.deaf) this.tell(id)
  }

  async close(): Promise<void> {}

  private tell(id: string, twice = false): void {
    for (const report of this.known.get(id)!.said) for (let k = 0; k < (twice ? 2 : 1); k++) this.reports$.next(report)
  }
}

let dir = ''
let clearing: ClearingPort
let exchange: TestExchange
let rebalanceExecutor: RebalanceExecutor
let t = 0
const prices = new Map<string, number>()
let divisor = Number.NaN

/** A fund F of 100 shares, each 2 of A and 1 of B, which are worth 10 and 20. */
const begin = async (): Promise<void> => {
  clearing = await openThreadPort({ file: join(dir, `${Math.random()}.db`) })
  exchange = new TestExchange()
  t = 1_000
  divisor = Number.NaN
  prices.clear()
  for (const [asset, price] of Object.entries({ A: 10, B: 20, C: 5 })) prices.set(asset, price)
  await done({ kind: 'define', fund: 'F', terms: { quote: 'USD', creationUnit: n('1'), createFeeBps: 0, redeemFeeBps: 0 } })
  const units = new Map([
    ['A', n('2')],
    ['B', n('1')],
  ])
  await done({ kind: 'inception', fund: 'F', units, weights: { A: 0.5, B: 0.5 }, shares: n('100') })
  await start()
}

/**
 * A process begins to carry rebalances out; what the one before had not heard is lost. It ends with the last of some steps, each something
 * that it asks of the journal or of the exchange: of the journal it then gets no answer.
 */
const start = async (life = Number.POSITIVE_INFINITY): Promise<void> => {
  exchange.reports$ = new Subject()
  let left = life
  const lives = (): boolean => left-- > 0
  const mortal: ClearingPort = {
    id: clearing.id,
    entriesAtStart: clearing.entriesAtStart,
    vouched: clearing.vouched,
    notes: clearing.notes,
    term: clearing.term,
    unsound: clearing.unsound,
    hold: until => clearing.hold(until),
    commits$: clearing.commits$,
    stats: () => clearing.stats(),
    close: async () => {},
    ask: async (ask, request) => {
      if (!lives()) throw new Error('it is dead')
      const answer = await clearing.ask(ask, request)
      if (left > 0) return answer
      throw new Error('it died meanwhile')
    },
  }
  const far: Exchange = {
    reports$: exchange.reports$,
    submit: order => lives() && exchange.submit(order),
    cancel: order => lives() && exchange.cancel(order),
    ask: order => lives() && exchange.ask(order),
    close: async () => {},
  }
  rebalanceExecutor = new RebalanceExecutor({
    clearing: mortal,
    exchange: far,
    known: await clearing.ask('funds', {}),
    log: pino({ level: 'silent' }),
    priceOf: asset => prices.get(asset),
    rulesOf: () => ({ quote: 'USD', trades: { feeBps: 10, minTrade: 0n, lots: new Map() }, execute: true }),
    divisorOf: () => divisor,
  })
}

const done = async (command: Command, who = 'system') => clearing.ask('execute', { command, who, t })

/** Half of A is to become C, and a quarter of B. */
const PROPOSAL = {
  fund: 'F',
  t: 1_000,
  id: 1,
  reason: 'asset',
  targets: { A: 0.25, B: 0.375, C: 0.375 },
  trades: [
    { side: 'sell', asset: 'A', amount: n('100'), price: 10 },
    { side: 'sell', asset: 'B', amount: n('25'), price: 20 },
    { side: 'buy', asset: 'C', amount: n('297'), price: 5 },
  ],
} as const

const propose = async (): Promise<void> => {
  rebalanceExecutor.frame(t, [PROPOSAL])
  await rebalanceExecutor.settled()
}
const pass = async (ms: number): Promise<void> => {
  t += ms
  rebalanceExecutor.frame(t, [])
  await rebalanceExecutor.settled()
}

const entries = async (): Promise<Entry[]> => (await clearing.ask('page', { after: 0, limit: 10_000 })).map(({ text }) => readEntry(text))
const rebalance = async () => (await clearing.ask('funds', {}))[0]!.rebalance!
const custody = async (): Promise<Record<string, string>> =>
  Object.fromEntries([...(await clearing.ask('funds', {}))[0]!.holdings!.custody].map(([asset, amount]) => [asset, formatDecimal(amount)]))
const statuses = async (): Promise<string[]> => (await rebalance()).trades.map(({ status, why = '' }) => `${status} ${why}`.trim())
/** The number of the order at the exchange. */
const numbers = (ids: readonly string[]): string[] => ids.map(id => id.replace(/^\w+-/, ''))

/** What custody must be by what the exchange has traded. */
const expectBooked = async (): Promise<void> => {
  const held = new Map([
    ['A', n('200')],
    ['B', n('100')],
    ['C', 0n],
    ['USD', 0n],
  ])
  const add = (asset: string, amount: bigint): void => void held.set(asset, held.get(asset)! + amount)
  for (const trade of exchange.trades) {
    const { side, asset } = exchange.submitted.find(({ id }) => id === trade.order)!
    const sign = side === 'sell' ? -1n : 1n
    add(asset, sign * trade.amount)
    const exact = trade.amount * trade.price
    add('USD', -trade.fee.amount + (side === 'sell' ? exact / ONE : -((exact + ONE - 1n) / ONE)))
  }
  const expected = [...held].filter(([, amount]) => amount !== 0n).map(([asset, amount]) => [asset, formatDecimal(amount)])
  expect(await custody()).toEqual(Object.fromEntries(expected))
  const fills = (await entries()).flatMap(entry => (entry.kind === 'trade' && entry.fill ? [entry.fill.id] : []))
  expect(fills.toSorted()).toEqual(exchange.trades.map(({ id }) => id).toSorted())
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'driftwire-rebalanceExecutor-'))
  await begin()
})
afterEach(async () => {
  await clearing.close()
  rmSync(dir, { recursive: true })
})

describe('a rebalance', () => {
  it('is sold, then bought with what that brought, and closed with its targets and what a share is now', async () => {
    await propose()
    expect(await statuses()).toEqual(['completed', 'completed', 'completed no_cash'])
    expect(exchange.submitted.map(({ side, asset }) => `${side} ${asset}`)).toEqual(['sell A', 'sell B', 'buy C'])
    await expectBooked()
    const [fund] = await clearing.ask('funds', {})
    expect(fund!.holdings).toMatchObject({ weights: { ...PROPOSAL.targets, USD: 0 }, rebalancedAt: t })
    expect(fund!.rebalance!.ended).toEqual({ t, outcome: 'completed' })
    const held = await custody()
    const units = Object.entries(held).map(([asset, amount]) => [asset, formatDecimal(n(amount) / 100n)])
    expect(Object.fromEntries([...fund!.holdings!.units].map(([asset, each]) => [asset, formatDecimal(each)]))).toEqual(
      Object.fromEntries(units),
    )
  })

  it('is begun once, however often it is proposed, and not for a fund that is halted', async () => {
    await done({ kind: 'halt', fund: 'F' })
    await propose()
    expect(rebalanceExecutor.figures).toMatchObject({ refused: 1, orders: 0 })
    await done({ kind: 'resume', fund: 'F' })
    exchange.manners = () => ({ deaf: true })
    await pass(1_000)
    for (let k = 0; k < 3; k++) await propose()
    expect((await entries()).filter(({ kind }) => kind === 'rebalance')).toHaveLength(1)
    expect(exchange.submitted).toHaveLength(1)
  })

  it('keeps the divisor of the level for the next start, until another one changes what a share is', async () => {
    divisor = 0.25
    await propose()
    expect((await clearing.ask('funds', {}))[0]!.holdings!.earlier!.divisor).toBe(0.25)
    divisor = Number.NaN
    exchange.manners = () => ({ deaf: true })
    rebalanceExecutor.frame(t, [{ ...PROPOSAL, id: 2 }])
    await rebalanceExecutor.settled()
    expect((await clearing.ask('funds', {}))[0]!.holdings!.earlier!.divisor).toBeUndefined()
  })

  it('writes an order down before it is sent', async () => {
    const written: string[] = []
    clearing.commits$.subscribe(({ rebalances }) =>
      written.push(...rebalances.flatMap(({ trades }) => trades.flatMap(({ order }) => order?.id ?? []))),
    )
    const { submit } = exchange
    exchange.submit = order => {
      expect(written).toContain(numbers([order.id])[0])
      submit.call(exchange, order)
    }
    await propose()
    expect(exchange.submitted).toHaveLength(3)
  })
})

describe('an exchange that', () => {
  it('says everything twice has traded it once', async () => {
    exchange.manners = () => ({ twice: true, fills: [50, 50] })
    await propose()
    expect(await statuses()).toEqual(['completed', 'completed', 'completed no_cash'])
    expect(rebalanceExecutor.figures).toMatchObject({ fills: 6, twice: 6 })
    await expectBooked()
  })

  it('is silent is asked after ten seconds, and not sent another order before it has answered', async () => {
    exchange.manners = nth => ({ mute: nth === 0 })
    await propose()
    await pass(9_999)
    expect([exchange.submitted.length, exchange.asked.length]).toEqual([1, 0])
    await pass(1)
    expect(numbers(exchange.asked)).toEqual(['1-1-1'])
    expect(await statuses()).toEqual(['completed', 'completed', 'completed no_cash'])
    await expectBooked()
  })

  it('never answers is asked again and again, nothing is concluded, and no other order is sent', async () => {
    exchange.manners = () => ({ deaf: true })
    await propose()
    for (let k = 0; k < 5; k++) await pass(10_000)
    expect([exchange.submitted.length, exchange.asked.length, exchange.cancelled.length]).toEqual([1, 5, 5])
    expect(await statuses()).toEqual(['submitted', 'pending', 'pending'])
    expect(rebalanceExecutor.figures).toMatchObject({ running: 1 })
  })

  it('fills less is sent the rest, five orders a trade at most, and what then lacks is left and said', async () => {
    exchange.manners = nth => ({ fills: nth < 5 ? [10] : [60, 30] })
    await propose()
    for (let k = 0; k < 20; k++) await pass(1_000)
    expect(await statuses()).toEqual(['failed not_filled', 'completed not_filled', expect.stringMatching(/no_cash|not_filled/)])
    const { ended, trades } = await rebalance()
    expect([ended?.outcome, trades.map(({ orders }) => orders).slice(0, 1), formatDecimal(trades[0]!.filled)]).toEqual([
      'partial',
      [5],
      '40.951',
    ])
    await expectBooked()
  })

  it('rejects is sent another order a second later, and after five the trade has failed; the others go on', async () => {
    exchange.manners = nth => ({ rejects: nth < 5 })
    await propose()
    expect(exchange.submitted).toHaveLength(1)
    await pass(999)
    expect(exchange.submitted).toHaveLength(1)
    for (let k = 0; k < 6; k++) await pass(1_000)
    expect(await statuses()).toEqual(['failed rejected: no', 'completed', expect.stringMatching(/no_cash/)])
    await expectBooked()
  })

  it('has never heard of an order is asked twice before another is sent; should the first arrive all the same, it counts', async () => {
    exchange.manners = nth => ({ lost: nth === 0 })
    await propose()
    await pass(10_000)
    await pass(1_999)
    expect([numbers(exchange.asked), exchange.submitted.length]).toEqual([['1-1-1'], 1])
    await pass(1)
    expect(numbers(exchange.asked)).toEqual(['1-1-1', '1-1-1'])
    expect(numbers(exchange.submitted.map(({ id }) => id)).slice(0, 2)).toEqual(['1-1-1', '1-1-2'])
    expect((await rebalance()).ended?.outcome).toBe('completed')
    exchange.does(exchange.submitted[0]!, { fills: [30] })
    exchange.ask(exchange.submitted[0]!)
    await rebalanceExecutor.settled()
    await expectBooked()
    expect(await statuses()).toEqual(['completed', 'completed', 'completed no_cash'])
  })

  it('tells the end before the fills is waited for', async () => {
    exchange.manners = nth => ({ endFirst: nth === 0, mute: nth === 0, fills: [50] })
    await propose()
    exchange.reports$.next({ order: exchange.submitted[0]!.id, kind: 'done', filled: n('50') })
    await rebalanceExecutor.settled()
    expect(exchange.submitted).toHaveLength(1)
    await pass(1_000)
    for (let k = 0; k < 12; k++) await pass(1_000)
    expect((await rebalance()).ended?.outcome).toMatch(/^(completed|partial|failed)$/)
    await expectBooked()
  })

  it('fills what the books have no room for has the fund halted, and the books stay right', async () => {
    exchange.manners = () => ({ mute: true })
    await propose()
    const { id } = exchange.submitted[0]!
    exchange.reports$.next({ order: id, kind: 'fill', id: 'x', amount: n('201'), price: n('10'), fee: { asset: 'USD', amount: 0n } })
    await rebalanceExecutor.settled()
    expect((await clearing.ask('funds', {}))[0]!.holdings!.halted).toBe(true)
    expect(await custody()).toEqual({ A: '200', B: '100' })
  })

  it('speaks of what nobody has sent is counted and not heeded', async () => {
    await propose()
    const seq = (await entries()).length
    for (const order of ['', 'x', 'x-1-1-1', exchange.submitted[0]!.id.replace(/1-1-1$/, '9-9-9')])
      exchange.reports$.next({ order, kind: 'fill', id: 'y', amount: 1n, price: 1n, fee: { asset: 'USD', amount: 0n } })
    await rebalanceExecutor.settled()
    expect((await entries()).length).toBe(seq)
    expect(rebalanceExecutor.figures.strange).toBe(4)
  })

  it('takes its fee in what is bought has it booked so', async () => {
    exchange.manners = nth => ({ mute: nth === 2, rejects: nth > 2 })
    await propose()
    const { id, amount, limit } = exchange.submitted[2]!
    exchange.reports$.next({ order: id, kind: 'fill', id: 'z', amount, price: limit, fee: { asset: 'C', amount: n('0.3') } })
    exchange.reports$.next({ order: id, kind: 'done', filled: amount })
    await rebalanceExecutor.settled()
    expect((await custody()).C).toBe(formatDecimal(amount - n('0.3')))
    const { fee } = (await rebalance()).trades[2]!
    expect(fee).toBe((n('0.3') * limit + ONE - 1n) / ONE)
  })
})

describe('what happens meanwhile', () => {
  it('a price that stays away for half a minute takes its trades out, and the others go on', async () => {
    exchange.manners = nth => ({ mute: nth === 0 })
    await propose()
    prices.delete('B')
    await pass(10_000)
    await pass(29_000)
    expect(await statuses()).toEqual(['completed', 'pending', 'pending'])
    await pass(1_000)
    expect(await statuses()).toEqual(['completed', 'cancelled stale_price', expect.stringMatching(/no_cash/)])
    expect((await rebalance()).ended?.outcome).toBe('partial')
    await expectBooked()
  })

  it('a price that comes back is waited for', async () => {
    const price = prices.get('B')!
    exchange.manners = nth => ({ mute: nth === 0 })
    await propose()
    prices.delete('B')
    await pass(10_000)
    await pass(29_000)
    prices.set('B', price)
    await pass(1_000)
    expect(await statuses()).toEqual(['completed', 'completed', expect.stringMatching(/^completed/)])
    await expectBooked()
  })

  it('a fund that is halted sends nothing more', async () => {
    exchange.manners = () => ({ mute: true })
    await propose()
    await done({ kind: 'halt', fund: 'F' })
    await pass(10_000)
    expect(await statuses()).toEqual(['completed', 'cancelled halted', 'cancelled halted'])
    expect(exchange.submitted).toHaveLength(1)
    await expectBooked()
  })

  it('nobody redeems what an order may still take; a creation follows the basket as it stands', async () => {
    exchange.manners = () => ({ mute: true })
    await propose()
    const order = (kind: 'create' | 'redeem', amount: string, key: string) =>
      done({ kind, key, fund: 'F', amount: n(amount), nav: undefined }, 'sponsor')
    expect(await order('redeem', '51', 'a')).toEqual({ refused: 'not_ready' })
    expect(await order('redeem', '50', 'b')).toMatchObject({ order: expect.stringContaining('"settled"') })
    await done({ kind: 'deposit', key: 'd', client: 'sponsor', asset: 'USD', amount: n('1000') }, 'admin')
    await pass(10_000)
    const { units } = (await clearing.ask('quote', { side: 'create', fund: 'F', amount: n('1'), nav: undefined }))!
    // All of A that was left is sold: a share is what there is now.
    expect([...units.keys()]).toEqual(['A', 'B', 'USD'])
    expect(formatDecimal(units.get('A')!)).toBe('0')
    expect(formatDecimal(units.get('USD')!)).toBe('19.8801')
    expect(await order('create', '10', 'c')).toMatchObject({ order: expect.stringContaining('"settled"') })
  })
})

describe('whatever the exchange does, and wherever the process ends', () => {
  it('each fill is booked once, nothing falls below zero, and the rebalance comes to its end', async () => {
    const manners = fc.record(
      {
        fills: fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 2 }).map(list => list.filter(percent => percent > 0)),
        rejects: fc.boolean(),
        lost: fc.boolean(),
        mute: fc.boolean(),
        twice: fc.boolean(),
        endFirst: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(manners, { maxLength: 15 }),
        fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 8 }),
        async (list, lives) => {
          await clearing.close()
          await begin()
          exchange.manners = nth => list[nth] ?? {}
          for (const life of [...lives, Number.POSITIVE_INFINITY]) {
            await start(life)
            rebalanceExecutor.frame(t, [PROPOSAL])
            await rebalanceExecutor.settled()
            for (let k = 0; k < (life === Number.POSITIVE_INFINITY ? 60 : 3); k++) await pass(5_000)
          }
          expect((await rebalance()).ended?.outcome).toMatch(/^(completed|partial|failed)$/)
          await expectBooked()
          for (const { filled, amount } of (await rebalance()).trades) expect(filled).toBeLessThanOrEqual(amount)
          for (const { postings } of await entries())
            for (const { account, after } of postings) if (account === 'custody:F') expect(after).toBeGreaterThanOrEqual(0n)
        },
      ),
      { numRuns: 25 },
    )
  })
})
