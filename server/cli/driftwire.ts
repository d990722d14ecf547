import { UsageError } from '../config/options.ts'
import { readSecretFiles } from '../config/secrets.ts'
import { JournalError } from '../journal/journalError.ts'
import { packageVersion } from '../lib/packageVersion.ts'
import { EngineError } from '../storage/engine/engine.ts'
import { runTyped } from './program.ts'
import { ServerError } from './server.ts'

const version = packageVersion()

// An empty variable counts as unset, everywhere.
for (const [name, value] of Object.entries(process.env)) if (value === '') delete process.env[name]

try {
  readSecretFiles(process.env)
  process.exitCode = await runTyped(process.argv.slice(2), { environment: process.env, version, columns: process.stdout.columns ?? 80 })
} catch (error) {
  const known = [UsageError, ServerError, JournalError, EngineError].some(kind => error instanceof kind)
  console.error(known ? `driftwire: ${(error as Error).message}` : error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
