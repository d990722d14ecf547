import { Subject } from 'rxjs'
import { Batches } from '../server/storage/write/batches.ts'
import { StoredIndex } from '../server/storage/write/storedIndex.ts'
import type { Frame } from '../streams/frame.ts'
import { inceptionOf, type Proposal } from '../streams/fund/inception.ts'
import type { Input } from '../streams/input.ts'
import { Interner } from '../streams/lib/interner.ts'
import { pipeline } from '../streams/pipeline.ts'
import { assetNames, frames, fundsOf, portfoliosOf } from './market.ts'
import { naive } from './naive.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

const FRAME_MS = 20
const ASSETS = 200
const FUNDS = 100
const PORTFOLIOS = 1000
const WATCHED_PORTFOLIOS = 100
const ROUNDS = 5

/** Runs frames of ticks through the pipeline and encodes every row that is due; ticks a second of CPU time. */
const ours = (perFrame: number, count: number): number => {
  const symbols = new Interner()
  const sources = new Interner()
  const assets = assetNames(ASSETS)
  const batches = [...frames(symbols, sources, assets, count, perFrame, FRAME_MS)]
  const flow = pipeline({
    symbols,
    sources,
    frameMs: FRAME_MS,
    staleAfterMs: 10_000,
    pools: [],
    epoch: 'bench',
    digits: 12,
    storeMs: 1000,
    everything: false,
    feeds: [{ id: 'bench', live: false }],
    funds: fundsOf(FUNDS, 20, assets),
    portfolios: portfoliosOf(PORTFOLIOS, 10, assets),
  })
  const input$ = new Subject<Input>()
  const store: Batches = new Batches(symbols, sources, new StoredIndex(), batch => store.reuse(batch.out))
  let proposals: readonly Proposal[] = []
  flow.run(input$).subscribe((frame: Frame) => {
    store.accept(frame.rows)
    proposals = frame.proposals
  })
  for (let i = 0; i < FUNDS; i++) input$.next({ kind: 'watch', channel: `fund:F${i}`, on: true })
  for (let i = 0; i < WATCHED_PORTFOLIOS; i++) input$.next({ kind: 'watch', channel: `pnl:P${i}`, on: true })
  const begin = process.cpuUsage()
  for (const batch of batches) {
    input$.next(batch)
    input$.next({ kind: 'clock', t: Math.ceil(batch.columns.t[batch.to - 1]! / FRAME_MS) * FRAME_MS })
    if (proposals.length > 0) input$.next({ kind: 'ledger', funds: proposals.map(inceptionOf) })
  }
  return perSecond(perFrame * count, begin)
}

const theirs = (perFrame: number, count: number): number => {
  const symbols = new Interner()
  const assets = assetNames(ASSETS)
  const batches = [...frames(symbols, new Interner(), assets, count, perFrame, FRAME_MS)]
  const funds = fundsOf(FUNDS, 20, assets)
  const portfolios = portfoliosOf(PORTFOLIOS, 10, assets)
  const begin = process.cpuUsage()
  naive(batches, symbols, funds, portfolios, WATCHED_PORTFOLIOS, FRAME_MS)
  return perSecond(perFrame * count, begin)
}

const perSecond = (ticks: number, begin: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(begin)
  return ticks / ((user + system) / 1e6)
}

export const pipelineBench = (): Report => {
  const rates = [
    [500_000, 150],
    [50_000, 600],
  ] as const
  const figures: Figure[] = []
  for (const [rate, count] of rates) {
    const perFrame = (rate * FRAME_MS) / 1000
    const us: number[] = []
    const them: number[] = []
    ours(perFrame, count)
    for (let round = 0; round < ROUNDS; round++) {
      // In turns, and each second round the other way about, so that neither has the better machine.
      if (round % 2 === 1) them.push(theirs(perFrame, Math.ceil(4000 / perFrame)))
      us.push(ours(perFrame, count))
      if (round % 2 === 0) them.push(theirs(perFrame, Math.ceil(4000 / perFrame)))
    }
    const feed = `${rate.toLocaleString('en')} ticks a second of event time`
    const mine: Figure = { what: `driftwire, a feed of ${feed}`, rounds: us, unit: 'ticks/s' }
    const peer: Figure = { what: `a scan with copied maps, ${feed}`, rounds: them, unit: 'ticks/s' }
    figures.push(mine, peer, ratio(`ratio at ${feed}`, mine, peer))
  }
  return {
    name: 'pipeline',
    method: `Ticks a second of CPU time (all threads) through book, candles, ${PORTFOLIOS} portfolios × 10 assets and ${FUNDS} funds × 20 of ${ASSETS} assets; every fund and ${WATCHED_PORTFOLIOS} portfolios watched, so a patch of each in every frame; every tick, and each second every portfolio and fund, encoded for the store; frames of ${FRAME_MS} ms of event time. Beside it the same written down naively: one emission a tick, \`scan\` with copied maps, JSON for patches and rows.`,
    figures,
  }
}

if (process.argv[1]?.endsWith('pipeline.js')) print(pipelineBench())
