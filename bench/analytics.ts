import { createRequire } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { RandomForestRegression } from 'ml-random-forest'
import { fitBoosting } from '../streams/analytics/models/boosting.ts'
import { type FeatureTable, rowsOf } from '../streams/analytics/models/featureTable.ts'
import { fitForest } from '../streams/analytics/models/forest.ts'
import { FITS, MODEL_NAMES, type Model, predict } from '../streams/analytics/models/model.ts'
import { Random } from '../streams/analytics/random.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

const ROUNDS = 5
const ROWS = 16_000
const UNSEEN = 4_000
const FEATURES = 8
/** What the forest that is a toy can do in a bench. */
const FEW_ROWS = 1_000
const FEW_TREES = 20
/** A panel of monthly snapshots over four years. */
const PANEL_ROWS = 9_000
const PANEL_FEATURES = 18

interface World {
  readonly table: FeatureTable
  readonly targets: Float64Array
}

/** Features at random between 0 and 1, and Friedman's first function of five of them, with noise. */
const world = (rows: number, features: number): World => {
  const random = new Random(1)
  const columns = Array.from({ length: features }, () => Float64Array.from({ length: rows }, () => random.unit()))
  const targets = Float64Array.from({ length: rows }, (_, row) => {
    const [a, b, c, d, e] = columns.map(column => column[row]!) as [number, number, number, number, number]
    return 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + 2 * (random.unit() + random.unit() - 1)
  })
  return { table: { rows, columns }, targets }
}

const parted = ({ table, targets }: World, from: number, to: number): World => {
  const rows = Int32Array.from({ length: to - from }, (_, i) => from + i)
  return { table: rowsOf(table, rows), targets: targets.slice(from, to) }
}

const listsOf = ({ rows, columns }: FeatureTable): number[][] =>
  Array.from({ length: rows }, (_, row) => columns.map(column => column[row]!))

const explained = (said: ArrayLike<number>, { targets }: World): number => {
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length
  const squares = (of: (row: number) => number): number => targets.reduce((sum, target, row) => sum + (target - of(row)) ** 2, 0)
  return 1 - squares(row => said[row]!) / squares(() => mean)
}

/** CPU seconds of all threads. */
const cpu = (begun: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1e6
}

/** What is fitted, returning what it says of rows that it did not see. */
type Contender = (seen: World, unseen: World) => ArrayLike<number>

interface Booster {
  train(rows: number[][], targets: number[]): void
  predict(rows: number[][]): number[]
  free(): void
}

/** Two contenders in turn, on the same data: CPU seconds of fitting and predicting, and R² of what was not seen. */
const beside = (names: readonly [string, string], contenders: readonly [Contender, Contender], data: World, seenRows: number): Figure[] => {
  const [seen, unseen] = [parted(data, 0, seenRows), parted(data, seenRows, seenRows + UNSEEN)]
  const seconds: [number[], number[]] = [[], []]
  const worth: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const begun = process.cpuUsage()
      const said = contenders[side](seen, unseen)
      seconds[side].push(cpu(begun))
      worth[side].push(explained(said, unseen))
    }
  }
  const [own, peer] = names.map((what, side): Figure => ({ what, rounds: seconds[side]!, unit: 's CPU' })) as [Figure, Figure]
  const r2 = names.map((name, side): Figure => ({ what: `${name}: R² of what it did not see`, rounds: worth[side]!, unit: '' }))
  return [own, peer, ratio('CPU time', peer, own), ...r2]
}

const boostingFigures = async (): Promise<Figure[]> => {
  const XGBoost = await (createRequire(import.meta.url)('ml-xgboost') as Promise<new (options: object) => Booster>)
  const own: Contender = (seen, unseen) =>
    predict(
      fitBoosting(seen.table, seen.targets, {
        loss: 'squared',
        rounds: 200,
        rate: 0.1,
        maxLeaves: 31,
        maxDepth: Number.POSITIVE_INFINITY,
        minLeaf: 20,
        lambda: 0,
      }),
      unseen.table,
    )
  const peer: Contender = (seen, unseen) => {
    const booster = new XGBoost({
      booster: 'gbtree',
      objective: 'reg:linear',
      max_depth: 6,
      eta: 0.1,
      min_child_weight: 1,
      silent: 1,
      iterations: 200,
    })
    booster.train(listsOf(seen.table), [...seen.targets])
    const said = booster.predict(listsOf(unseen.table))
    booster.free()
    return said
  }
  const names = [`boosting, 200 rounds of 31 leaves, ${ROWS} × ${FEATURES}`, 'ml-xgboost, 200 rounds of depth 6'] as const
  return beside(names, [own, peer], world(ROWS + UNSEEN, FEATURES), ROWS)
}

const forestFigures = (): Figure[] => {
  const own: Contender = (seen, unseen) =>
    predict(fitForest(seen.table, seen.targets, { trees: FEW_TREES, minLeaf: 1, featuresPerNode: 3 }, 1), unseen.table)
  const peer: Contender = (seen, unseen) => {
    const forest = new RandomForestRegression({ seed: 1, nEstimators: FEW_TREES, replacement: true, maxFeatures: FEATURES, noOOB: true })
    forest.train(listsOf(seen.table), [...seen.targets])
    return forest.predict(listsOf(unseen.table))
  }
  const names = [`forest, ${FEW_TREES} trees, ${FEW_ROWS} × ${FEATURES}`, `ml-random-forest, ${FEW_TREES} trees`] as const
  return beside(names, [own, peer], world(FEW_ROWS + UNSEEN, FEATURES), FEW_ROWS)
}

/** In the thread: fits the four models. */
const fitAll = (): void => {
  const { table, targets } = world(PANEL_ROWS, PANEL_FEATURES)
  const models: Model[] = MODEL_NAMES.map(name => FITS[name](table, targets, 1))
  parentPort!.postMessage(models.length)
}

/** ms of delay of this thread's loop at the 99th percentile while `work` goes on. */
const p99While = async (work: () => Promise<unknown>): Promise<number> => {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await work()
  delay.disable()
  return delay.percentile(99) / 1e6
}

const threadFigures = async (): Promise<Figure[]> => {
  const [seconds, alone, during]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await p99While(() => new Promise(resolve => setTimeout(resolve, 2_000))))
    const begun = process.cpuUsage()
    during.push(
      await p99While(
        () =>
          new Promise((resolve, reject) => {
            new Worker(fileURLToPath(import.meta.url)).once('exit', resolve).once('error', reject)
          }),
      ),
    )
    seconds.push(cpu(begun))
  }
  return [
    { what: `the four models of the ensemble in a thread, ${PANEL_ROWS} × ${PANEL_FEATURES}`, rounds: seconds, unit: 's CPU' },
    { what: "the main thread's delay at the 99th percentile, alone", rounds: alone, unit: 'ms' },
    { what: 'the same during the training', rounds: during, unit: 'ms' },
  ]
}

export const analyticsBench = async (): Promise<Report> => ({
  name: 'analytics',
  method: `Models fitted on ${ROWS.toLocaleString('en')} rows of ${FEATURES} features (Friedman's first function), and asked about ${UNSEEN.toLocaleString('en')} rows that they have not seen; CPU time of all threads. Beside it ml-xgboost, the xgboost of 2018 as wasm, with trees of about as many leaves. The forest of ml-random-forest is far slower, so both get ${FEW_ROWS.toLocaleString('en')} rows and ${FEW_TREES} trees; it draws features once a tree, so it gets them all. At last the four models of the ensemble, with its settings, in a thread, and how late the main thread is meanwhile.`,
  figures: [...(await boostingFigures()), ...forestFigures(), ...(await threadFigures())],
})

if (!isMainThread) fitAll()
else if (process.argv[1]?.endsWith('analytics.js')) print(await analyticsBench())
