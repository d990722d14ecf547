import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FundHoldings, Proposal } from '../../streams/fund/inception.ts'
import type { LedgerEvents, Recorded } from '../../streams/input.ts'
import type { FundTerms } from '../../streams/ledger/entry.ts'
import { parseDecimal } from '../../streams/lib/decimal.ts'
import { transaction } from '../../streams/test/transactions.ts'
import type { ClearingPort } from '../clearing/port.ts'
import { openThreadPort } from '../clearing/threadPort.ts'
import { InputQueue } from './inputQueue.ts'
import { LedgerFeed } from './ledgerFeed.ts'

const n = (text: string): bigint => parseDecimal(text)!
const terms: FundTerms = { quote: 'USD', creationUnit: n('1'), createFeeBps: 0, redeemFeeBps: 0 }
const proposal = (fund: string, t = 20): Proposal => ({ fund, t, weights: { A: 1 }, shares: n('100'), units: new Map([['A', n('0.5')]]) })

let dir = ''
let clearing: ClearingPort
/** What came back into the input. */
let inputs: FundHoldings[]
const inputQueue = (): InputQueue => {
  const one = new InputQueue()
  inputs = []
  one.input$.subscribe(input => void inputs.push(...(input as LedgerEvents).funds))
  return one
}
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'driftwire-ledgerFeed-'))
  clearing = await openThreadPort({ file: join(dir, 'journal.db') })
})
afterEach(async () => {
  await clearing.close()
  rmSync(dir, { recursive: true })
})

const kinds = async (): Promise<string[]> => (await clearing.ask('page', { after: 0, limit: 100 })).map(({ text }) => JSON.parse(text).kind)

describe('the ledgerFeed', () => {
  it('lets the journal know a fund and its terms, and again only where these have changed', async () => {
    const ledgerFeed = new LedgerFeed(clearing, inputQueue(), [])
    const wanted = (list: Record<string, FundTerms>) => new Map(Object.entries(list))
    await ledgerFeed.define(wanted({ F: terms, G: terms }), [], 1)
    await ledgerFeed.define(wanted({ F: terms, G: terms }), await clearing.ask('funds', {}), 2)
    expect(await kinds()).toEqual(['define', 'define'])
    const changed = [{ quote: 'EUR' }, { creationUnit: 5n }, { createFeeBps: 1 }, { redeemFeeBps: 1 }].map(over => ({ ...terms, ...over }))
    for (const [i, other] of changed.entries()) {
      await ledgerFeed.define(wanted({ F: other, G: terms }), await clearing.ask('funds', {}), 3)
      expect(await kinds()).toHaveLength(3 + i)
      expect((await clearing.ask('funds', {})).find(({ id }) => id === 'F')!.terms).toEqual(other)
    }
  })

  it('writes a proposal down once however often it is made, and tells the input what came of it', async () => {
    const ledgerFeed = new LedgerFeed(clearing, inputQueue(), [])
    await ledgerFeed.define(new Map([['F', terms]]), [], 1)
    ledgerFeed.propose([proposal('F', 20)])
    ledgerFeed.propose([proposal('F', 40)])
    expect(inputs).toEqual([])
    await ledgerFeed.settled()
    expect(inputs).toMatchObject([{ fund: 'F', t: 20, shares: n('100'), custody: new Map([['A', n('50')]]), halted: false }])
    // The one that proposes again has not heard of it yet.
    ledgerFeed.propose([proposal('F', 60)])
    await ledgerFeed.settled()
    expect(inputs).toHaveLength(2)
    expect(inputs[1]).toEqual(inputs[0])
    expect(await kinds()).toEqual(['define', 'inception'])
  })

  it('tells at the beginning what was decided before', async () => {
    const first = new LedgerFeed(clearing, inputQueue(), [])
    await first.define(new Map([['F', terms]]), [], 1)
    first.propose([proposal('F')])
    await first.settled()
    const told = [...inputs]
    const next = new LedgerFeed(clearing, inputQueue(), await clearing.ask('funds', {}))
    next.begin()
    const before = told.map(holdings => ({ ...holdings, earlier: { traded: false } }))
    expect(inputs).toEqual(before)
    next.propose([proposal('F', 99)])
    await next.settled()
    expect([inputs, (await kinds()).length]).toEqual([[...before, ...before], 2])
  })

  it('tells each change of a fund', async () => {
    const ledgerFeed = new LedgerFeed(clearing, inputQueue(), [])
    await ledgerFeed.define(new Map([['F', terms]]), [], 1)
    ledgerFeed.propose([proposal('F')])
    await ledgerFeed.settled()
    for (const kind of ['halt', 'resume'] as const) await clearing.ask('execute', { command: { kind, fund: 'F' }, who: 'admin', t: 2 })
    expect(inputs.map(({ halted }) => halted)).toEqual([false, true, false])
  })

  it('tells the rows of portfolios, those of former runs when it is asked and new ones as they come', async () => {
    const told: (readonly Recorded[])[] = []
    const listening = (): InputQueue => {
      const one = new InputQueue()
      one.input$.subscribe(input => void told.push((input as LedgerEvents).recorded ?? []))
      return one
    }
    const row = (id: string) => ({ ...transaction('buy BTC 1 10'), id })
    const record = (...ids: string[]) =>
      clearing.ask('execute', { command: { kind: 'record', portfolio: 'P', transactions: ids.map(row) }, who: 'ann', t: 2 })
    await record('a', 'b')
    const ledgerFeed = new LedgerFeed(clearing, listening(), [])
    expect(told).toEqual([])
    await ledgerFeed.putRecorded()
    await record('b', 'c')
    await record('c')
    const rows = told.map(recorded => recorded.map(({ portfolio, transactions }) => [portfolio, ...transactions.map(({ id }) => id)]))
    expect(rows).toEqual([[['P', 'a', 'b']], [['P', 'c']]])
  })

  it('tells supplies, those of former runs when it is asked and new ones as they come', async () => {
    const told: unknown[] = []
    const listening = (): InputQueue => {
      const one = new InputQueue()
      one.input$.subscribe(input => void told.push((input as LedgerEvents).supplies))
      return one
    }
    const supply = (...supplies: [string, bigint][]) =>
      clearing.ask('execute', { command: { kind: 'supplies', supplies: new Map(supplies) }, who: 'admin', t: 2 })
    await new LedgerFeed(clearing, listening(), []).putFacts()
    expect(told).toEqual([])
    await supply(['BTC', n('19000000.5')], ['ETH', 0n])
    told.length = 0
    const later = new LedgerFeed(clearing, listening(), [])
    await later.putFacts()
    await supply(['ETH', 0n], ['BTC', n('1')])
    await supply(['BTC', n('1')])
    // The first one still listens, too.
    expect(told.slice(0, 1)).toEqual([
      [
        { t: 2, asset: 'BTC', supply: n('19000000.5') },
        { t: 2, asset: 'ETH', supply: 0n },
      ],
    ])
    expect(told.slice(1)).toEqual(Array(2).fill([{ t: 2, asset: 'BTC', supply: n('1') }]))
  })

  it('has not settled what is refused, or cannot be written, until it is', async () => {
    const ledgerFeed = new LedgerFeed(clearing, inputQueue(), [])
    await ledgerFeed.define(new Map([['F', terms]]), [], 1)
    ledgerFeed.propose([proposal('G'), proposal('F')])
    await expect(ledgerFeed.settled()).rejects.toThrow(/G.*unknown_fund/)
    expect(inputs).toMatchObject([{ fund: 'F' }])
    await ledgerFeed.define(new Map([['G', terms]]), [], 1)
    ledgerFeed.propose([proposal('G')])
    await ledgerFeed.settled()
    expect(inputs).toMatchObject([{ fund: 'F' }, { fund: 'G' }])
    await clearing.close()
    ledgerFeed.propose([proposal('H')])
    await expect(ledgerFeed.settled()).rejects.toMatchObject({ code: 'not_ready' })
  })
})
