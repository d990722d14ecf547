import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { poolSpecs } from '../../../server/config/poolSpecs.ts'
import { configSchema } from '../../../server/config/schema.ts'
import { logAt, lonelyPool, removed, type Said, token } from '../../test/chain.ts'
import { ADD_LIQUIDITY, RAMP_A, REMOVE_LIQUIDITY, REMOVE_LIQUIDITY_IMBALANCE, REMOVE_LIQUIDITY_ONE, TOKEN_EXCHANGE } from '../abi.ts'
import { Inconsistent } from '../poolState.ts'
import { saying } from '../test/v3Logs.ts'
import { Stableswap } from './stableswap.ts'
import { adminShare, type Curve, exchanged, invariant, precise, withdrawn } from './stableswapMath.ts'

type Pair = [bigint, bigint]

const UNIT = 10n ** 18n
const TERMS = { amplification: 20_000n, fee: 4_000_000n, offpegMultiplier: 2n * 10n ** 10n }
const CURVE: Curve = { ...TERMS, rates: [UNIT, 10n ** 30n] }

const exchangeOf = (i: number, sold: bigint, j: number, bought: bigint): Said => saying(TOKEN_EXCHANGE, [1], i, sold, j, bought)
/** Two dynamic arrays and what comes after them. */
const arrays = (topic: string, first: readonly bigint[], second: readonly bigint[], ...rest: bigint[]): Said => {
  const head = BigInt(2 + rest.length) * 32n
  const next = head + BigInt(1 + first.length) * 32n
  return saying(topic, [1], head, next, ...rest, BigInt(first.length), ...first, BigInt(second.length), ...second)
}

/** The pool as a contract keeps it, with all that it owes its owner set apart, and the log of each thing it does. */
class Contract {
  balances: Pair = [0n, 0n]
  supply = 0n

  private get d(): bigint {
    return invariant(precise(this.balances, CURVE), CURVE.amplification)
  }

  exchange(i: 0 | 1, sold: bigint): Said {
    const j = i === 0 ? 1 : 0
    const { amount, adminFee } = exchanged(i, j, sold, this.balances, CURVE)
    this.balances[i] += sold
    this.balances[j] -= amount + adminFee
    return exchangeOf(i, sold, j, amount)
  }

  /** Amounts above zero come in; the fee is on what unbalances. */
  provide(amounts: Pair): Said {
    const [before, old] = [this.supply === 0n ? 0n : this.d, this.balances]
    const next: Pair = [old[0] + amounts[0], old[1] + amounts[1]]
    const between = invariant(precise(next, CURVE), CURVE.amplification)
    const out = amounts[0] < 0n || amounts[1] < 0n
    const fees = old.map((balance, i) => {
      const ideal = before === 0n ? next[i]! : (between * balance) / before
      return ((ideal > next[i]! ? ideal - next[i]! : next[i]! - ideal) * CURVE.fee) / 2n / 10n ** 10n
    }) as Pair
    const left: Pair = [next[0] - fees[0], next[1] - fees[1]]
    const after = invariant(precise(left, CURVE), CURVE.amplification)
    this.balances = [next[0] - adminShare(fees[0]), next[1] - adminShare(fees[1])]
    if (this.supply === 0n) {
      this.supply = after
      return arrays(ADD_LIQUIDITY, amounts, [], after, after)
    }
    this.supply += (this.supply * (after - before)) / before
    const absolute = amounts.map(amount => (amount < 0n ? -amount : amount))
    return arrays(out ? REMOVE_LIQUIDITY_IMBALANCE : ADD_LIQUIDITY, absolute, fees, after, this.supply)
  }

  withdraw(permille: bigint): Said {
    const out = this.balances.map(balance => (balance * permille) / 1000n) as Pair
    this.balances = [this.balances[0] - out[0], this.balances[1] - out[1]]
    this.supply -= (this.supply * permille) / 1000n
    return arrays(REMOVE_LIQUIDITY, out, [], this.supply)
  }

  withdrawOne(i: 0 | 1, permille: bigint): Said {
    const burnt = (this.supply * permille) / 1000n
    const { amount, adminFee } = withdrawn(i, burnt, this.supply, this.balances, CURVE)
    this.balances[i] -= amount + adminFee
    this.supply -= burnt
    return saying(REMOVE_LIQUIDITY_ONE, [1], i, burnt, amount, this.supply)
  }

  do(n: number): Said {
    const i = (n >> 4) % 2 === 0 ? 0 : 1
    const part = (side: 0 | 1): bigint => (this.balances[side] * BigInt(1 + (n % 50))) / 1000n
    switch (n % 5) {
      case 0:
        return this.provide([part(0), i === 0 ? 0n : part(1)])
      case 1:
        return this.provide([-part(0), i === 0 ? -1n : -part(1)])
      case 2:
        return this.withdraw(BigInt(1 + (n % 50)))
      case 3:
        return this.withdrawOne(i, BigInt(1 + (n % 50)))
      default:
        return this.exchange(i, part(i))
    }
  }
}

const FIRST: Pair = [1_000_000n * UNIT, 900_000n * 10n ** 6n]
const begun = () => {
  const contract = new Contract()
  const chain = new Stableswap(CURVE)
  chain.apply(logAt(1, 0, contract.provide(FIRST)))
  return { contract, chain }
}

describe('a stableswap pool', () => {
  it('has after every event the balances of the contract, from its first deposit on', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { maxLength: 25 }), steps => {
        const { contract, chain } = begun()
        steps.forEach((n, i) => {
          chain.apply(logAt(2, i, contract.do(n)))
          expect(chain.reserves).toEqual(contract.balances)
        })
      }),
    )
  })

  it('followed from later on has its swaps and knows nothing else, until a start tells it', () => {
    const { contract } = begun()
    const start = { block: 5, balances: [...contract.balances] as Pair }
    const [late, told] = [new Stableswap(CURVE), new Stableswap(CURVE, start)]
    const said = contract.exchange(0, 1_000n * UNIT)
    for (const chain of [late, told]) expect(chain.apply(logAt(6, 0, said))).toMatchObject({ amount0: 1_000n * UNIT })
    expect([late.reserves, late.price, late.depth(0.02)]).toEqual([undefined, Number.NaN, undefined])
    expect(told.reserves).toEqual(contract.balances)
  })

  it('has the price that a small exchange without fee is made at, and depth that moves it by as much', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 95 }), fc.integer({ min: 100, max: 200_000 }), (percent, amplification) => {
        const curve = { ...CURVE, amplification: BigInt(amplification), fee: 0n, offpegMultiplier: 0n }
        const balances: Pair = [BigInt(percent) * 10n ** 24n, BigInt(100 - percent) * 10n ** 12n]
        const chain = new Stableswap(curve, { block: 0, balances })
        const { amount } = exchanged(0, 1, 10n ** 20n, balances, curve)
        expect(1e20 / Number(amount) / chain.price).toBeCloseTo(1, 3)
        const { ask, bid } = chain.depth(0.02)!
        const along = (left: Pair): number => new Stableswap(curve, { block: 0, balances: left }).price / chain.price
        // Bought with what brings the other side to the same invariant.
        const paid0 = BigInt(Math.round(paidFor(1, ask * 1e12, balances, curve)))
        expect(along([balances[0] + paid0, balances[1] - BigInt(Math.round(ask))])).toBeCloseTo(1.02, 5)
        const paid1 = BigInt(Math.round(paidFor(0, bid, balances, curve) / 1e12))
        expect(along([balances[0] - BigInt(Math.round(bid)), balances[1] + paid1])).toBeCloseTo(0.98, 5)
      }),
    )
  })

  it('is measured as every pool is', () => {
    const contract = new Contract()
    const pool = lonelyPool({ kind: 'stableswap', stableswap: TERMS, token0: token('DAI', 18, 'USD'), token1: token('USDC', 6, 'USD') })
    pool.apply(logAt(1, 0, contract.provide(FIRST)))
    pool.apply(logAt(2, 0, contract.exchange(0, 1_000n * UNIT)))
    const { price, tvl, partial, volume24h, depthAsk2, il } = pool.figures()
    expect(price).toBeCloseTo(1, 2)
    expect(tvl).toBeCloseTo(1_900_000, -1)
    expect({ partial, deep: depthAsk2 > 500_000, il }).toEqual({ partial: false, deep: true, il: Number.NaN })
    expect(volume24h).toBeCloseTo(1_000, 0)
  })

  it('taken back is as it was', () => {
    const contract = new Contract()
    const spec = { kind: 'stableswap', stableswap: TERMS, token0: token('DAI', 18, 'USD'), token1: token('USDC', 6, 'USD') } as const
    const pool = lonelyPool(spec)
    pool.apply(logAt(1, 0, contract.provide(FIRST)))
    const before = { ...pool.figures() }
    const wrong = [1, 2, 3].map(i => logAt(2, i, contract.do(i * 7)))
    for (const log of wrong) pool.apply(log)
    for (const log of wrong) expect(pool.apply(removed(log))).toBe(true)
    expect({ ...pool.figures(), eventT: before.eventT }).toEqual(before)
  })

  const unlike: [what: string, said: (c: Contract) => Said][] = [
    ['an exchange at another price', () => exchangeOf(0, UNIT, 1, 5n)],
    ['a deposit to another invariant', () => arrays(ADD_LIQUIDITY, [UNIT, 5n], [1n, 1n], 7n, 7n)],
    ['a withdrawal of one coin at another price', c => saying(REMOVE_LIQUIDITY_ONE, [1], 0, c.supply / 100n, 5, c.supply)],
    ['another amplification', () => saying(RAMP_A, [], 1, 2, 3, 4)],
  ]
  it.each(unlike)('that tells of %s is partial from there on', (_, said) => {
    const { contract, chain } = begun()
    chain.apply(logAt(2, 0, said(contract)))
    expect([chain.reserves, chain.price]).toEqual([undefined, Number.NaN])
  })

  it.each<[string, Said]>([
    ['a withdrawal of more than there is', arrays(REMOVE_LIQUIDITY, [2_000_000n * UNIT, 0n], [], 1n)],
    ['a withdrawal out of balance of more than there is', arrays(REMOVE_LIQUIDITY_IMBALANCE, [2_000_000n * UNIT, 0n], [0n, 0n], 1n, 1n)],
    ['a withdrawal of all of one side', arrays(REMOVE_LIQUIDITY_IMBALANCE, [FIRST[0], 0n], [0n, 0n], 1n, 1n)],
    ['a withdrawal where no shares were out', saying(REMOVE_LIQUIDITY_ONE, [1], 0, 0, 5, 0)],
  ])('refuses %s, and is partial from there on', (_, said) => {
    const { chain } = begun()
    expect(() => chain.apply(logAt(2, 0, said))).toThrow(Inconsistent)
    expect(chain.reserves).toBeUndefined()
  })

  const good = arrays(ADD_LIQUIDITY, [UNIT, 5n], [1n, 1n], 7n, 7n)
  it.each<[string, Said]>([
    ['an exchange of a coin for itself', exchangeOf(0, 1n, 0, 1n)],
    ['an exchange of a third coin', exchangeOf(2, 1n, 0, 1n)],
    ['an exchange of coin minus one', exchangeOf(-1, 1n, 0, 1n)],
    ['three amounts', arrays(ADD_LIQUIDITY, [1n, 2n, 3n], [1n, 1n], 7n, 7n)],
    ['data that are cut off', { ...good, data: good.data.slice(0, -64) }],
    ['an array far outside', saying(ADD_LIQUIDITY, [1], 32_000, 64, 1, 1)],
    ['an array between two words', saying(ADD_LIQUIDITY, [1], 33, 64, 1, 1)],
    ['nothing', { ...good, data: '0x' }],
  ])('refuses a log of %s, and stays as it was', (_, said) => {
    const { chain } = begun()
    const before = chain.reserves
    expect(() => chain.apply(logAt(2, 0, said))).toThrow(RangeError)
    expect(chain.reserves).toEqual(before)
  })

  it('so far out of balance that the curve has no solution has no price', () => {
    const terms = { amplification: 100n, fee: 0n, offpegMultiplier: 0n, rates: [UNIT, UNIT] }
    const chain = new Stableswap(terms, { block: 1, balances: [111_848_995_910_460_536_520_704n, 14_525_534_510_812_426_241n] })
    expect([chain.price, chain.depth(0.02)]).toEqual([Number.NaN, undefined])
    expect(chain.reserves).toBeDefined()
  })

  it('of tokens with more places than the contract has is not followed', () => {
    const pool = lonelyPool({ kind: 'stableswap', stableswap: TERMS, token0: token('A', 255), token1: token('B', 6) })
    pool.apply(logAt(1, 0, new Contract().provide(FIRST)))
    expect(pool.figures()).toMatchObject({ partial: true, price: Number.NaN })
  })

  it('gets its parameters from the configuration', () => {
    const pools = [
      { amplification: 200.5, feePips: 400, offpegFeeMultiplier: 2, balances: { block: 7, 0: '5', 1: '6' } },
      { amplification: 10, feePips: 30 },
      { amplification: 10 },
    ]
    const specs = poolSpecs(configSchema.parse({ pools: pools.map((pool, i) => ({ id: `p${i}`, kind: 'stableswap', ...pool })) }))
    expect(specs.map(spec => spec.kind === 'stableswap' && spec.stableswap)).toEqual([
      { amplification: 20_050n, fee: 4_000_000n, offpegMultiplier: 2n * 10n ** 10n, start: { block: 7, balances: [5n, 6n] } },
      { amplification: 1_000n, fee: 300_000n, offpegMultiplier: 10n ** 10n },
      undefined,
    ])
  })
})

/** What has to come in on the other side, at 18 places, for so much at 18 places of side `j` to leave along the curve. */
const paidFor = (j: 0 | 1, out: number, balances: Pair, curve: Curve): number => {
  const xp = precise(balances, curve)
  const d = Number(invariant(xp, curve.amplification))
  const left = Number(xp[j]) - out
  const ann = Number(curve.amplification) / 50
  const b = left + d / ann - d
  const c = (((d / left / 2) * d) / 2 / ann) * d
  return (2 * c) / (b + Math.sqrt(b * b + 4 * c)) - Number(xp[1 - j])
}
