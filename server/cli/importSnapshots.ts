import type { Snapshot } from '../../streams/analytics/features/snapshot.ts'
import { readSnapshots } from '../analytics/snapshotFile.ts'
import type { KeptSnapshots } from '../analytics/snapshots/keepSnapshots.ts'
import { operatorsServer, type ServerOptions } from './server.ts'

/** Lists that go at once. */
const PIECE = 12

/** Runs `import snapshots FILE…`. Returns the exit code. Throws UsageError and ServerError. To import a file again adds what did not go in. */
export const importSnapshots = async (
  files: readonly string[],
  options: ServerOptions & { readonly 'dry-run'?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> => {
  for (const file of files) {
    const snapshots = await readSnapshots(file)
    if (options['dry-run'] === true) {
      console.log(`${file}: ${snapshots.length} lists would be sent`)
      continue
    }
    const server = await operatorsServer(options, environment)
    const sum = { accepted: 0, known: 0 }
    for (let from = 0; from < snapshots.length; from += PIECE) {
      const lines = snapshots
        .slice(from, from + PIECE)
        .map(lineOf)
        .join('\n')
      const { accepted, known } = await server.post<KeptSnapshots>('/v1/admin/snapshots', 'application/x-ndjson', lines)
      sum.accepted += accepted
      sum.known += known
    }
    console.log(`${file}: ${sum.accepted} lists accepted, ${sum.known} known`)
  }
  return 0
}

/** Returns a list as a line of JSON, in which what is not known is null. */
const lineOf = ({ t, assets }: Snapshot): string => JSON.stringify({ t, assets })
