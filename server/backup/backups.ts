import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { ClearingPort } from '../clearing/port.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { Sink } from '../storage/write/sink.ts'
import { backupFolder, backupName, makeBackup } from './makeBackup.ts'
import { BackupError, type Manifest } from './manifest.ts'

/** What a running server makes backups of. */
export interface BackedUp {
  readonly version: string
  readonly dataDir: string
  readonly configFile: string
  /** The rows lie in the data directory, and not on a server. */
  readonly embedded: boolean
  readonly engine: Promise<Engine>
  readonly sink: Pick<Sink, 'between'>
  readonly clearing: Pick<ClearingPort, 'ask'>
}

/** The newest backup: it is being made, was made, or could not be. Absolute path; bytes of all its files. */
export type BackupState =
  | { readonly state: 'none' }
  | { readonly state: 'making'; readonly name: string }
  | {
      readonly state: 'made'
      readonly name: string
      readonly path: string
      readonly entries: number
      readonly hash: string
      readonly bytes: number
    }
  | { readonly state: 'failed'; readonly name: string; readonly why: string }

/** ms until no file may be on its way. */
const MOMENT_MS = 30_000
/** ms between two steps of a copy of the journal: orders go before it. */
const REST_MS = 5

/** Makes backups of a running server, one at a time, in the folder `backups` of its data directory. */
export class Backups {
  /** Of the newest. */
  state: BackupState = { state: 'none' }
  private readonly of: BackedUp
  private readonly log: Logger

  constructor(of: BackedUp, log: Logger) {
    this.of = of
    this.log = log
  }

  /** Begins one, and returns its name. Throws a ProtocolError, `too_much`, while another is made. */
  begin(now: Date): string {
    if (this.state.state === 'making') throw new ProtocolError('too_much', 'a backup is being made', 10)
    const name = backupName(now)
    this.state = { state: 'making', name }
    this.make(name, now).then(
      ({ path, manifest: { journal, files } }) => {
        this.state = { state: 'made', name, path, ...journal, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
        this.log.info({ path }, 'a backup was made')
      },
      (error: Error) => {
        this.state = { state: 'failed', name, why: error.message }
        this.log.warn({ name, error: error.message }, 'a backup could not be made')
      },
    )
    return name
  }

  private async make(name: string, now: Date): Promise<{ readonly path: string; readonly manifest: Manifest }> {
    const { version, dataDir, configFile, embedded, engine, sink, clearing } = this.of
    const folder = await backupFolder(dataDir)
    const path = join(folder, name)
    const parts = { version, dataDir, configFile, engine: embedded ? await engine : undefined }
    const manifest = await makeBackup(
      path,
      { ...parts, between: work => sink.between(work, MOMENT_MS), copyJournal: file => copied(clearing, file) },
      now,
    )
    return { path, manifest }
  }
}

const copied = async (clearing: Pick<ClearingPort, 'ask'>, file: string): Promise<Manifest['journal']> => {
  for (;;) {
    const copy = await clearing.ask('copy', { file })
    if (copy === 'more') await delay(REST_MS)
    else if ('failed' in copy) throw new BackupError(`${file}: found ${copy.failed}, expected room for a copy of the journal`)
    else return copy
  }
}
