import { Worker } from 'node:worker_threads'
import type { Artifact } from '../../../streams/analytics/artifact.ts'
import type { Snapshot } from '../../../streams/analytics/features/snapshot.ts'
import type { Scoring } from '../../../streams/analytics/scoring/score.ts'
import { compiledFile } from '../../lib/compiledFile.ts'

/** What is to be scored: the last of monthly snapshots. */
export interface ScoringWork {
  readonly artifact: Artifact
  readonly months: readonly Snapshot[]
}

/** MiB that the thread may use. */
const HEAP_MB = 512

/** Scores in a thread of its own, which `signal` ends: the reasons of 200 assets take seconds. Rejects with what the thread ended with. */
export const computeScoring = (work: ScoringWork, signal: AbortSignal): Promise<Scoring> => {
  const worker = new Worker(compiledFile('scoringThread.js', import.meta.url), {
    workerData: work,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  signal.addEventListener('abort', () => void worker.terminate(), { once: true })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', code => reject(new Error(`the scoring ended with ${code} before it was done`)))
  })
}
