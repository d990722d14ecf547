import { join } from 'node:path'
import { type DestinationStream, destination, type Logger, pino } from 'pino'
import { type Options, UsageError } from '../config/options.ts'
import { secretsIn } from '../config/secrets.ts'
import { readSettings, type Settings } from '../config/settings.ts'
import { ListenError } from '../gateway/transports/transport.ts'
import { JournalError } from '../journal/journalError.ts'
import { logError, logFatal } from '../lib/errorEvents.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { redactor } from '../lib/redaction.ts'
import { type Running, start } from '../main.ts'
import { engineIsBusy } from '../storage/engine/connection.ts'
import { EngineError } from '../storage/engine/engine.ts'
import type { CommandContext } from './command.ts'
import { readableLog } from './terminal/logLines.ts'
import { paintFor } from './terminal/style.ts'

/** A stop that takes longer than this is cut short. */
const STOP_MS = 4_800

/** Runs the server until a signal stops it (exit 0), or it cannot begin (exit 2) or continue (exit 1). */
export const serve = async (options: Options, { environment, version }: CommandContext): Promise<void> => {
  const settings = readSettings(options, environment, join(packageRoot(), 'server', 'demo', 'config.json'))
  // One place for every line: no secret leaves by it, whatever an error or a library says.
  const redact = redactor([...secretsIn(environment), ...(settings.adminToken === undefined ? [] : [settings.adminToken])])
  const written = logDestination(settings.logFormat ?? (process.stderr.isTTY ? 'text' : 'json'))
  const log = pino({ level: settings.logLevel, base: null }, { write: line => written.write(redact(line)) })

  let running: Running | undefined
  let ending: Promise<void> | undefined
  /** Ends the server once, for the first reason given, and not before all is written. */
  const end = (reason: string, code: number, lastWord = ''): Promise<void> => {
    ending ??= (async () => {
      setTimeout(() => leave(code, log), STOP_MS + settings.drainMs).unref()
      await running?.stop(reason)
      if (lastWord !== '') console.error(redact(lastWord))
      leave(code, log)
    })()
    return ending
  }
  // Every time, not once: a terminal and npm both pass a SIGINT on.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end('the server is stopping', 0))
  // A terminal that is closed sends it, too; a server with TLS runs under a supervisor, which sends it when the certificate is new.
  process.on('SIGHUP', () => {
    if (running === undefined || !running.renewKeyPair()) void end('the server is stopping', 0)
  })

  try {
    running = await start(settings, log)
  } catch (error) {
    if (error instanceof UsageError) throw error
    if (!explainsItself(error)) logFatal(log, 'cannot_start', { err: error })
    return end('', 1, `driftwire: cannot start: ${(error as Error).message}`)
  }
  const at = `${reachable(settings.host)}:${running.port}`
  console.log(redact([`driftwire ${version}`, ...placesOf(settings, at)].join('\n')))

  try {
    await running.done
  } catch (error) {
    if (ending === undefined && !explainsItself(error)) logFatal(log, 'cannot_go_on', { err: error })
    await end('the server cannot go on', error instanceof UsageError ? 2 : 1, `driftwire: cannot go on: ${(error as Error).message}`)
  }
  await end('the feeds have ended', 0)
}

/** Returns the host of an address that leads to this server from its own machine. */
const reachable = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** Returns what there is where: a core has no clients, and a gateway keeps nothing. */
const placesOf = ({ role, tls, clickhouse, dataDir }: Settings, at: string): readonly string[] => {
  const s = tls ? 's' : ''
  const served = [
    `  dashboard  http${s}://${at}/`,
    `  websocket  ws${s}://${at}/ws`,
    `  API docs   http${s}://${at}/openapi.json  http${s}://${at}/asyncapi.json`,
  ]
  return [
    ...(role === 'core' ? [`  health     http${s}://${at}/readyz`] : served),
    `  data       ${role === 'gateway' ? 'none: it keeps nothing' : (clickhouse?.url ?? dataDir)}`,
  ]
}

/**
 * Ends the process. If the engine could not end a statement in time, `exit` would wait for it and then crash or hang; a kill is the clean end,
 * because all that was acknowledged is on the disk.
 */
const leave = (code: number, log: Logger): void => {
  if (!engineIsBusy()) process.exit(code)
  logError(log, 'engine_does_not_end')
  process.kill(process.pid, 'SIGKILL')
}

/** Returns whether the one line that an error's message is says all to the user who has to act: a stack would only hide it. */
const explainsItself = (error: unknown): boolean => [ListenError, EngineError, JournalError, UsageError].some(kind => error instanceof kind)

/** A terminal that has gone away, or a pipe that nobody reads, does not end the server. */
const logDestination = (format: 'json' | 'text'): DestinationStream =>
  format === 'json' ? destination({ fd: 2, sync: true }) : readableLog(text => process.stderr.write(text), paintFor(process.stderr))
