import type { SourcedFact } from '../../streams/analytics/features/metricLog.ts'
import { metricsIn } from '../analytics/metrics/metricFile.ts'
import { type KeptFacts, storeFacts } from '../analytics/metrics/metricStore.ts'
import type { MetricsAnswer } from '../gateway/api/metricImport.ts'
import type { OwnDirectory } from './ownDirectory.ts'
import { type RunningServer, ServerError } from './server.ts'
import { openStoreTarget, type StoreOptions } from './storeTarget.ts'

interface MetricsOptions extends StoreOptions {
  readonly 'dry-run'?: boolean
}

/** Where metrics go. */
interface MetricTarget {
  put(facts: readonly SourcedFact[]): Promise<KeptFacts>
  close(): Promise<void>
}

/** Facts that go at once. */
const PIECE = 5_000
/** Bad rows beyond this number are counted, not shown. */
const TOLD = 20

/** Runs `import metrics FILE…`. Returns the exit code. Throws UsageError and ServerError. To import a file again adds what did not go in. */
export const importMetrics = async (
  files: readonly string[],
  options: MetricsOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> => {
  const target = options['dry-run'] === true ? NOWHERE : await openTarget(options, environment)
  let failed = false
  try {
    for (const file of files) failed = !(await one(file, target)) || failed
  } finally {
    await target.close()
  }
  return failed ? 1 : 0
}

/** One file. Returns false if a row did not go in. */
const one = async (file: string, target: MetricTarget): Promise<boolean> => {
  const sum = { accepted: 0, known: 0, refused: 0 }
  let waiting: SourcedFact[] = []
  const flush = async (): Promise<void> => {
    const { accepted, known } = await target.put(waiting)
    sum.accepted += accepted
    sum.known += known
    waiting = []
  }
  let failed = false
  try {
    for await (const lines of metricsIn(file, Date.now())) {
      for (const line of lines) {
        if ('fact' in line) waiting.push(line.fact)
        else {
          sum.refused += 1
          if (sum.refused <= TOLD) console.error(`${file}:${line.line}: ${line.why}`)
        }
        if (waiting.length === PIECE) await flush()
      }
    }
    if (waiting.length > 0) await flush()
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    failed = true
    console.error(`driftwire: ${error.message}`)
    if (sum.accepted > 0) console.error('driftwire: import the file again: what has been accepted will be known')
  }
  const done = target === NOWHERE ? 'would be sent' : 'accepted'
  console.log(`${file}: ${sum.accepted} metrics ${done}, ${sum.known} known, ${sum.refused} refused`)
  return !failed && sum.refused === 0
}

/** Rows are read and nothing is sent. */
const NOWHERE: MetricTarget = { put: async facts => ({ accepted: facts.length, known: 0 }), close: async () => {} }

const openTarget = async (options: StoreOptions, environment: Readonly<Record<string, string | undefined>>): Promise<MetricTarget> => {
  const target = await openStoreTarget(options, environment)
  return 'server' in target ? overHttp(target.server) : ofDirectory(target.directory)
}

const overHttp = (server: RunningServer): MetricTarget => ({
  async put(facts) {
    const lines = facts.map(({ availableAt, ...fact }) => JSON.stringify({ ...fact, available_at: availableAt }))
    const { accepted, known, refused } = await server.post<MetricsAnswer>('/v1/admin/metrics', 'application/x-ndjson', lines.join('\n'))
    if (refused[0]) throw new ServerError(`${server.url}: ${refused[0].why}`)
    return { accepted, known }
  },
  close: async () => {},
})

const ofDirectory = (directory: OwnDirectory): MetricTarget => ({
  async put(facts) {
    const fresh = await storeFacts(directory.engine, facts, Date.now())
    if (fresh.length > 0) directory.keep()
    return { accepted: fresh.length, known: facts.length - fresh.length }
  },
  close: () => directory.close(),
})
