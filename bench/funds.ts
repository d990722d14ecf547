import { Subject } from 'rxjs'
import type { Frame } from '../streams/frame.ts'
import { type BacktestMoment, BacktestRun } from '../streams/fund/backtest.ts'
import { inceptionOf, type Proposal } from '../streams/fund/inception.ts'
import type { FundSpec } from '../streams/fund/spec.ts'
import type { Input } from '../streams/input.ts'
import { toNumber } from '../streams/lib/decimal.ts'
import { Interner } from '../streams/lib/interner.ts'
import type { Ticks } from '../streams/market/ticks.ts'
import { pipeline } from '../streams/pipeline.ts'
import { assetNames, frames, fundsOf, random, START } from './market.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

const FRAME_MS = 20
const ASSETS = 2_000
const FUNDS = 1_000
const SIZE = 20
const ROUNDS = 5

// ---- Live

interface Work {
  readonly symbols: Interner
  readonly batches: readonly Ticks[]
  readonly funds: readonly FundSpec[]
}

/** Frames of ticks, behind a first that names every asset, so that all funds can begin. */
const workOf = (perFrame: number, count: number): Work => {
  const symbols = new Interner()
  const assets = assetNames(ASSETS)
  const sources = new Interner()
  const first = [...frames(symbols, sources, assets, 1, ASSETS, FRAME_MS)]
  // The same market again, later and of other ids.
  const later = [...frames(symbols, sources, assets, count, perFrame, FRAME_MS)].map((batch, k) => {
    const { t, id } = batch.columns
    for (let i = batch.from; i < batch.to; i++) {
      t[i]! += FRAME_MS
      id[i] = `${k}:${i}`
    }
    return batch
  })
  return { symbols, batches: [...first, ...later], funds: fundsOf(FUNDS, SIZE, assets) }
}

/** Times real time: how many seconds of the market go into a second of CPU time. */
const ours = (perFrame: number, count: number): number => {
  const { symbols, batches, funds } = workOf(perFrame, count)
  const flow = pipeline({
    symbols,
    sources: new Interner(),
    frameMs: FRAME_MS,
    staleAfterMs: 10_000,
    portfolios: [],
    pools: [],
    epoch: 'bench',
    digits: 12,
    storeMs: 1000,
    everything: false,
    feeds: [{ id: 'bench', live: false }],
    funds,
  })
  const input$ = new Subject<Input>()
  let proposals: readonly Proposal[] = []
  flow.run(input$).subscribe((frame: Frame) => {
    proposals = frame.proposals
  })
  let begin = process.cpuUsage()
  for (const [i, batch] of batches.entries()) {
    if (i === 1) begin = process.cpuUsage()
    input$.next(batch)
    input$.next({ kind: 'clock', t: START + (i + 1) * FRAME_MS })
    if (proposals.length > 0) input$.next({ kind: 'ledger', funds: proposals.map(inceptionOf) })
  }
  return realTime(count, begin)
}

/** The same figures of every fund, computed again each frame from a map of prices. */
const theirs = (perFrame: number, count: number): number => {
  const { symbols, batches, funds } = workOf(perFrame, count)
  const prices = new Map<string, number>()
  const take = ({ columns: { symbol, price }, from, to }: Ticks): void => {
    for (let i = from; i < to; i++) prices.set(symbols.at(symbol[i]!), price[i]!)
  }
  take(batches[0]!)
  const held = funds.map(({ supplies, initialShares }) => ({
    shares: toNumber(initialShares),
    custody: new Map([...supplies].map(([asset, supply]) => [asset, supply / 1e6])),
    targets: new Map([...supplies.keys()].map(asset => [asset, 1 / supplies.size])),
  }))
  let sum = 0
  const begin = process.cpuUsage()
  for (const batch of batches.slice(1)) {
    take(batch)
    for (const { shares, custody, targets } of held) {
      const values = new Map([...custody].map(([asset, amount]) => [asset, amount * prices.get(`${asset}-USD`)!]))
      const aum = [...values.values()].reduce((all, value) => all + value, 0)
      const weights = new Map([...values].map(([asset, value]) => [asset, value / aum]))
      const drifts = [...weights].map(([asset, weight]) => Math.abs(weight - targets.get(asset)!))
      sum += aum / shares + Math.max(...drifts) + drifts.reduce((all, drift) => all + drift, 0) / 2
    }
  }
  if (Number.isNaN(sum)) throw new Error('a price is missing')
  return realTime(count, begin)
}

const realTime = (count: number, begin: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(begin)
  return (count * FRAME_MS) / 1000 / ((user + system) / 1e6)
}

// ---- The past

const MINUTE = 60_000
const MINUTES = 31_600
const BACKTESTED = 16

const minutes = (): BacktestMoment[] => {
  const next = random(5)
  const assets = assetNames(BACKTESTED)
  const prices = assets.map(() => 1 + next() * 1000)
  return Array.from({ length: MINUTES }, (_, k) => {
    for (let a = 0; a < BACKTESTED; a++) prices[a]! *= 1 + (next() - 0.5) * 0.004
    const t = START + k * MINUTE
    return { t, prices: new Map(assets.map((asset, a) => [asset, { t, price: prices[a]! }])) }
  })
}

/** Seconds of CPU time. */
const backtested = (moments: readonly BacktestMoment[]): number => {
  const [spec] = fundsOf(1, BACKTESTED, assetNames(BACKTESTED))
  const begin = process.cpuUsage()
  const run = new BacktestRun({ ...spec!, rebalance: { ...spec!.rebalance, assetThreshold: 0.01, totalThreshold: 0.02 } }, 2 * MINUTE)
  for (const moment of moments) run.apply(moment)
  const result = run.result()
  if ('pending' in result || result.rebalances.length === 0) throw new Error('nothing was rebalanced')
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / 1e6
}

export const fundsBench = (): Report => {
  const figures: Figure[] = []
  for (const [rate, count] of [
    [50_000, 100],
    [1_000, 400],
  ] as const) {
    const perFrame = (rate * FRAME_MS) / 1000
    const us: number[] = []
    const them: number[] = []
    ours(perFrame, 20)
    theirs(perFrame, 20)
    for (let round = 0; round < ROUNDS; round++) {
      // In turns, and each second round the other way about, so that neither has the better machine.
      if (round % 2 === 1) them.push(theirs(perFrame, count))
      us.push(ours(perFrame, count))
      if (round % 2 === 0) them.push(theirs(perFrame, count))
    }
    const feed = `${rate.toLocaleString('en')} ticks a second`
    const mine: Figure = { what: `driftwire, ${feed}`, rounds: us, unit: '× real time' }
    const peer: Figure = { what: `every fund again each frame, ${feed}`, rounds: them, unit: '× real time' }
    figures.push(mine, peer, ratio(`ratio at ${feed}`, mine, peer))
  }
  const moments = minutes()
  backtested(moments)
  figures.push({
    what: `backtest of ${BACKTESTED} assets over ${MINUTES.toLocaleString('en')} minutes`,
    rounds: Array.from({ length: ROUNDS }, () => backtested(moments)),
    unit: 's',
  })
  return {
    name: 'funds',
    method: `${FUNDS.toLocaleString('en')} funds × ${SIZE} of ${ASSETS.toLocaleString('en')} assets in frames of ${FRAME_MS} ms: seconds of the market a second of CPU time. Of driftwire that is all of the pipeline, with book, candles and days, and the funds in full: value, level, bid and ask, weights, drift, triggers. Beside it nothing but a map of prices and value, weights and drift of every fund from it in each frame. The backtest looks at every minute whether to rebalance, and trades by its plan.`,
    figures,
  }
}

if (process.argv[1]?.endsWith('funds.js')) print(fundsBench())
