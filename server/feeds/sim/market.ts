import type { SeededRandom } from '../../lib/seededRandom.ts'

const ASSETS: readonly (readonly [string, number, number, number])[] = [
  ['BTC', 64_000, 0.5, 0.95],
  ['ETH', 3_200, 0.65, 0.9],
  ['BNB', 580, 0.6, 0.8],
  ['SOL', 150, 0.9, 0.8],
  ['XRP', 0.58, 0.8, 0.65],
  ['DOGE', 0.12, 1.1, 0.7],
  ['ADA', 0.42, 0.85, 0.75],
  ['TRX', 0.13, 0.5, 0.4],
  ['AVAX', 27, 0.95, 0.8],
  ['SHIB', 0.000018, 1.1, 0.7],
  ['DOT', 5.6, 0.85, 0.8],
  ['LINK', 13, 0.85, 0.8],
  ['BCH', 380, 0.85, 0.7],
  ['NEAR', 4.9, 1, 0.75],
  ['LTC', 68, 0.7, 0.75],
  ['UNI', 7.4, 0.95, 0.7],
  ['APT', 6.6, 1, 0.75],
  ['ICP', 8.8, 0.95, 0.7],
  ['ETC', 21, 0.8, 0.75],
  ['XMR', 155, 0.55, 0.4],
  ['XLM', 0.1, 0.75, 0.65],
  ['ATOM', 5.6, 0.8, 0.75],
  ['FIL', 4.1, 0.95, 0.75],
  ['ARB', 0.6, 1, 0.75],
  ['OP', 1.6, 1.05, 0.75],
  ['AAVE', 100, 0.95, 0.7],
  ['MKR', 2_300, 0.85, 0.6],
  ['ALGO', 0.14, 0.85, 0.75],
  ['GRT', 0.17, 1, 0.75],
  ['INJ', 21, 1.1, 0.75],
]

/** An asset of the simulated market. */
export interface SimAsset {
  readonly name: string
  /** Its price at the start, USD. */
  readonly price: number
  /** A year. */
  readonly volatility: number
  /** How much of it is the common factor. */
  readonly share: number
}

/** The assets of the simulated market. */
export const SIM_ASSETS: readonly SimAsset[] = ASSETS.map(([name, price, volatility, share]) => ({ name, price, volatility, share }))

/** ms. */
export const YEAR_MS = 365.25 * 86_400_000

/** Returns a price with six significant digits, as venues quote. */
export const nice = (price: number): number => Number(price.toPrecision(6))

/** Jumps of one asset a day, and the spread of their size. */
const JUMPS_A_DAY = 6
const JUMP_SIZE = 0.01

/** An asset's price and spread. */
export interface Quoted {
  readonly asset: string
  price: number
  /** Half the distance between bid and ask, as a share of the price. */
  readonly halfSpread: number
}

/**
 * Thirty assets as geometric Brownian motions with one common factor and rare jumps, so that they move together as such markets
 * do. The path depends on the seed and the number of steps only.
 */
export class SimMarket {
  readonly assets: readonly Quoted[]
  private readonly random: SeededRandom
  private readonly stepMs: number

  constructor(random: SeededRandom, stepMs: number) {
    this.random = random
    this.stepMs = stepMs
    this.assets = SIM_ASSETS.map(({ name: asset, price }, i) => ({ asset, price, halfSpread: 0.00005 + 0.00001 * i }))
  }

  step(): void {
    const { random } = this
    const time = Math.sqrt(this.stepMs / YEAR_MS)
    const common = random.normal()
    SIM_ASSETS.forEach(({ volatility, share }, i) => {
      const own = random.normal()
      let move = volatility * time * (share * common + Math.sqrt(1 - share * share) * own)
      if (random.uniform() < (JUMPS_A_DAY * this.stepMs) / 86_400_000) move += random.normal() * JUMP_SIZE
      this.assets[i]!.price *= Math.exp(move)
    })
  }

  priceOf(asset: string): number | undefined {
    return this.assets.find(a => a.asset === asset)?.price
  }
}
