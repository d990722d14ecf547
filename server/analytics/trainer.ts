import { Worker } from 'node:worker_threads'
import type { Artifact } from '../../streams/analytics/artifact.ts'
import type { Snapshot } from '../../streams/analytics/features/snapshot.ts'
import type { WalkForward } from '../../streams/analytics/validation/folds.ts'
import { compiledFile } from '../lib/compiledFile.ts'

/** What is to be trained. */
export interface TrainingWork {
  readonly snapshots: readonly Snapshot[]
  /** Snapshots that the scores look ahead. */
  readonly horizon: number
  readonly seed: number
  readonly plan: WalkForward
  /** Where the artifact is kept. */
  readonly directory: string
}

/** What was trained: all of the artifact but its models, and its version if it was kept. */
export interface Trained {
  readonly card: Omit<Artifact, 'models'>
  /** Missing if there were warnings. */
  readonly version?: string
}

/** What the thread says: how much is done, and at the end what was trained. */
export type TrainerMessage = { readonly share: number } | { readonly trained: Trained }

/** The first fit has a year and a half of months to learn from, and is made again each quarter. */
export const PLAN: WalkForward = { firstTest: 18, refitEvery: 3, embargo: 0 }
/** Snapshots with known outcomes that have to be left for tests. */
const TESTED_MIN = 12
/** MiB that the thread may use. */
const HEAP_MB = 1024

/** Returns how many snapshots a training needs at least. */
export const snapshotsNeeded = (horizon: number, { firstTest }: WalkForward): number => firstTest + TESTED_MIN + 2 * horizon

/**
 * Trains in a thread of its own, which `signal` ends. `done` is called with the share that is done. Rejects with a RangeError if there are too few snapshots, and with
 * what the thread ended with.
 */
export const train = async (work: TrainingWork, done: (share: number) => void = () => {}, signal?: AbortSignal): Promise<Trained> => {
  const needed = snapshotsNeeded(work.horizon, work.plan)
  if (work.snapshots.length < needed) throw new RangeError(`found ${work.snapshots.length} snapshots, expected at least ${needed}`)
  const worker = new Worker(compiledFile('trainerThread.js', import.meta.url), {
    workerData: work,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  signal?.addEventListener('abort', () => void worker.terminate(), { once: true })
  return new Promise((resolve, reject) => {
    worker.on('message', (message: TrainerMessage) => {
      if ('trained' in message) resolve(message.trained)
      else done(message.share)
    })
    worker.once('error', reject)
    worker.once('exit', code => reject(new Error(`the training ended with ${code} before it was done`)))
  })
}
