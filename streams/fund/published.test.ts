import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cases, haveCases, worked } from '../../server/test/cases.ts'
import { haveRecordings, recordings } from '../../server/test/recordings.ts'
import { mulDown, parseDecimal } from '../lib/decimal.ts'
import { Changes } from '../lib/dependencies.ts'
import { Interner } from '../lib/interner.ts'
import { Market } from '../market/market.ts'
import { fundSpec, NOON } from '../test/drive.ts'
import { records } from '../test/records.ts'
import { Fund } from './fund.ts'
import { type FundHoldings, inceptionOf } from './inception.ts'
import type { FundSpec } from './spec.ts'
import { planTrades } from './tradePlan.ts'

/** A fund and its market, moved by hand. */
const market = (spec: Partial<FundSpec> & Pick<FundSpec, 'weighting'>) => {
  const market = new Market(new Interner())
  const fund = new Fund(fundSpec(spec), market, new Changes())
  const price = (prices: Record<string, number>): void => {
    for (const [asset, value] of Object.entries(prices)) {
      const instrument = market.instrument(`${asset}-USD`)
      instrument.price = value
      instrument.t = NOON
    }
  }
  return { fund, price }
}

describe.skipIf(!haveRecordings)('published funds (skipped where the recordings are not)', () => {
  const read = (file: string): string => readFileSync(join(recordings, 'etf', file), 'utf8').trimEnd()

  interface Published {
    readonly index: string
    readonly rebalance: string
    readonly nav_per_token_usd_current_units: number
    readonly nav_per_token_usd_new_units: number
  }
  const rebalances = (): [Published, Record<string, string>[]][] => {
    const rows = records(read('indexcoop_rebalances.csv').split(/\r?\n/))
    const published: Published[] = JSON.parse(read('indexcoop_rebalances_expected.json'))
    return published.map(one => [one, rows.filter(row => row.index === one.index && row.rebalance === one.rebalance)])
  }
  const unitsOf = (rows: Record<string, string>[], column: string): Map<string, bigint> =>
    new Map(
      rows
        .filter(row => row[column] !== '' && row[column] !== '0')
        .map(row => [row.asset!, BigInt(row[column]!) * 10n ** BigInt(18 - Number(row.decimals))]),
    )

  it('keep their value a share through their rebalances, to the published figures, and their level whatever the units', () => {
    expect(rebalances()).toHaveLength(4)
    for (const [published, rows] of rebalances()) {
      const { fund, price } = market({ weighting: { scheme: 'units', units: new Map() } })
      price(Object.fromEntries(rows.map(row => [row.asset!, Number(row.implied_price_usd)])))
      const held = (column: string): FundHoldings =>
        inceptionOf({ fund: 'F', t: NOON, units: unitsOf(rows, column), weights: {}, shares: parseDecimal('1000')! })
      fund.hold(held('current_unit_raw'))
      fund.refresh(NOON)
      const before = { ...fund.figures }
      fund.hold(held('new_unit_raw'))
      fund.refresh(NOON + 20)
      expect(Math.abs(before.nav / published.nav_per_token_usd_current_units - 1)).toBeLessThan(1e-6)
      expect(Math.abs(fund.figures.nav / published.nav_per_token_usd_new_units - 1)).toBeLessThan(1e-6)
      expect(Math.abs(fund.figures.nav / before.nav - 1)).toBeLessThan(1.2e-5)
      expect(before.level).toBeCloseTo(100, 12)
      expect(fund.figures.level).toBeCloseTo(100, 11)
    }
  })

  it('are brought from the old units to the new by a plan: the published trades', () => {
    for (const [, rows] of rebalances()) {
      const prices = new Map(rows.map(row => [row.asset!, Number(row.implied_price_usd)]))
      const before = unitsOf(rows, 'current_unit_raw')
      const after = unitsOf(rows, 'new_unit_raw')
      const value = [...after].reduce((sum, [asset, units]) => sum + (Number(units) / 1e18) * prices.get(asset)!, 0)
      const targets = new Map([...after].map(([asset, units]) => [asset, ((Number(units) / 1e18) * prices.get(asset)!) / value]))
      const trades = planTrades(before, prices, targets, 'USD', { feeBps: 0, minTrade: 0n, lots: new Map() })
      for (const row of rows) {
        const asset = row.asset!
        const wanted = Number((after.get(asset) ?? 0n) - (before.get(asset) ?? 0n)) / 1e18
        const planned =
          trades
            .filter(trade => trade.asset === asset)
            .reduce((sum, { side, amount }) => sum + (side === 'buy' ? 1 : -1) * Number(amount), 0) / 1e18
        // The published units keep the value to about a hundred-thousandth.
        expect(Math.abs(planned - wanted) * prices.get(asset)!).toBeLessThan(value * 2e-5)
      }
    }
  })

  it('of a composition file: basket and cash of a creation unit come to its published value', () => {
    interface Header {
      readonly fund: string
      readonly TradingDay: string
      readonly CreationRedemptionUnit: string
      readonly CashComponent: string
      readonly NAVperCU: string
      readonly NAV: string
    }
    const headers: Header[] = JSON.parse(read('sse_pcf_headers.json'))
    const { CreationRedemptionUnit: unit, CashComponent: cash, NAVperCU, NAV } = headers.find(({ fund }) => fund === '518880')!
    const [row, ...others] = records(read('sse_pcf_components.csv').split(/\r?\n/)).filter(({ fund }) => fund === '518880')
    expect(others).toEqual([])
    const perShare = (amount: string): bigint => (parseDecimal(amount)! * 10n ** 18n) / parseDecimal(unit)!
    const gold = row!.quantity_per_creation_unit!
    const { fund, price } = market({ weighting: { scheme: 'units', units: new Map() } })
    price({ GOLD: Number(row!.substitute_cash_amount_cny) / Number(gold) })
    // The cash component is owed to the creator: it is below zero.
    const units = new Map([
      ['GOLD', perShare(gold)],
      ['USD', perShare(cash)],
    ])
    fund.hold(inceptionOf({ fund: 'F', t: NOON, units, weights: {}, shares: parseDecimal(unit)! }))
    fund.refresh(NOON)
    expect(fund.figures.aum).toBeCloseTo(944554.63, 6)
    expect(fund.figures.aum).toBeCloseTo(Number(NAVperCU), 6)
    expect(fund.figures.nav).toBeCloseTo(Number(NAV), 4)
  })
})

describe.skipIf(!haveCases)('the worked examples of indices (they stand beside the project; skipped where they do not)', () => {
  it('index-issue-redeem-rounding: up for who brings, down for who takes', () => {
    interface Expected {
      readonly issue_component_wei: string
      readonly redeem_component_wei: string
    }
    const { input, expected } = worked<{ set_quantity_wei: string; unit_wei: string }, Expected>('index-issue-redeem-rounding')
    const [shares, unit] = [BigInt(input.set_quantity_wei), BigInt(input.unit_wei)]
    const { custody } = inceptionOf({ fund: 'F', t: NOON, units: new Map([['C', unit]]), weights: {}, shares })
    expect(custody.get('C')).toBe(BigInt(expected.issue_component_wei))
    expect(mulDown(unit, shares)).toBe(BigInt(expected.redeem_component_wei))
  })

  it('are all worked here, but for those that do not apply, each for its reason', () => {
    const here = readFileSync(new URL(import.meta.url)).toString()
    const beside = ['weighting', 'fund', 'tradePlan', 'allocation'].map(name =>
      readFileSync(new URL(`./${name}.test.ts`, import.meta.url)).toString(),
    )
    const elsewhere: Record<string, string> = {
      'index-nav-issuance': 'shares are created and redeemed for baskets only, never for cash at a premium',
    }
    const done = cases.filter(({ area, id }) => area === 'index' && [here, ...beside].some(text => text.includes(`'${id}`)))
    expect(done.length).toBeGreaterThan(5)
    // A reason counts, too: it stands in this file.
    expect(cases.filter(({ area, id }) => area === 'index' && !done.some(other => other.id === id))).toEqual([])
    expect(Object.keys(elsewhere).every(id => cases.some(other => other.id === id))).toBe(true)
  })
})
