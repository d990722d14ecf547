import { parentPort, workerData } from 'node:worker_threads'
import { SnapshotRecord } from '../../../streams/analytics/features/past.ts'
import { scoringOf } from '../../../streams/analytics/scoring/score.ts'
import type { ScoringWork } from './computeScoring.ts'

/** A thread that scores once and ends, so that nothing else waits for it. */

const { artifact, months } = workerData as ScoringWork
parentPort!.postMessage(scoringOf(artifact, new SnapshotRecord(months), months.length - 1))
