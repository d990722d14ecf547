import { parentPort, workerData } from 'node:worker_threads'
import { trained } from '../../streams/analytics/artifact.ts'
import { outcomesOf, panelOf } from '../../streams/analytics/features/panel.ts'
import { SnapshotRecord } from '../../streams/analytics/features/past.ts'
import { keepModel, versionOf } from './modelStore.ts'
import type { TrainerMessage, TrainingWork } from './trainer.ts'

/** A thread that trains once and keeps what it trained, so that nothing else waits for it. It ends by itself. */

const { snapshots, horizon, seed, plan, directory } = workerData as TrainingWork
const say = (message: TrainerMessage): void => parentPort!.postMessage(message)

const record = new SnapshotRecord(snapshots)
const panel = panelOf(record)
const outcomes = outcomesOf(record, panel, horizon)
const artifact = trained({ panel, outcomes, plan, seed, data: versionOf(JSON.stringify(snapshots)) }, share => say({ share }))
// A figure that is too good to be true is not kept: it would be believed.
const version = artifact.validation.warnings.length === 0 ? keepModel(directory, artifact) : undefined
const { models: _, ...card } = artifact
say({ trained: { card, ...(version === undefined ? {} : { version }) } })
