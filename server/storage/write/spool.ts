import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TABLES, type TableName } from '../engine/tables.ts'

/** Rows of one table on their way to the engine. The token makes the engine take them once, however often they are sent. */
export interface SpoolFile {
  readonly seq: number
  readonly table: TableName
  readonly rows: number
  readonly bytes: number
  readonly token: string
  /** Whether they may be sent as they are. Otherwise rows that the engine has must be taken out before the first time. */
  readonly checked: boolean
  readonly path: string
}

/** Rejected files are kept for who wants to know, up to this many bytes. */
const REJECTED_BYTES = 64 * 1024 * 1024

const NAME = /^(\d{12})-([a-z]+)-(\d+)-(\d+)-([0-9a-f-]{36})\.(new|ready)$/

/**
 * The outbox: batches as files in a directory, from before they are sent until they are acknowledged. A file has its name only
 * when it is whole, so what a kill leaves behind can be sent as it is: `.ready` perhaps once more, `.new` for the first time.
 */
export class Spool {
  /** What a former process left behind, oldest first. */
  readonly leftOver: readonly SpoolFile[]
  /** What it left behind that a loss of power cut short: rejected. */
  readonly cutShort: readonly SpoolFile[]
  /** Bytes of the files waiting. */
  bytes = 0
  private readonly dir: string
  private readonly write: typeof writeFile
  private seq: number
  private rejectedBytes: number

  private constructor(dir: string, found: Found, write: typeof writeFile) {
    this.dir = dir
    this.write = write
    this.leftOver = found.whole
    this.cutShort = found.cutShort
    this.seq = found.whole.at(-1)?.seq ?? 0
    this.rejectedBytes = found.rejectedBytes
    for (const file of found.whole) this.bytes += file.bytes
  }

  /** Takes up a directory, which is made where it is missing. `write` writes a whole file. */
  static async open(dir: string, write: typeof writeFile = writeFile): Promise<Spool> {
    await mkdir(dir, { recursive: true })
    return new Spool(dir, await find(dir), write)
  }

  /** The number of the next file: files are sent in this order. */
  next(): number {
    this.seq += 1
    return this.seq
  }

  /** Makes a file of a batch. */
  async add(seq: number, table: TableName, rows: number, bytes: Buffer, checked: boolean): Promise<SpoolFile> {
    const file = this.named({ seq, table, rows, bytes: bytes.length, token: randomUUID(), checked })
    await this.put(file, bytes)
    this.bytes += file.bytes
    return file
  }

  /** Marks a file as checked, with what is left of its rows where some were taken out. */
  async check(file: SpoolFile, left?: { bytes: Buffer; rows: number }): Promise<SpoolFile> {
    if (left === undefined) {
      const checked = this.named({ ...file, checked: true })
      await rename(file.path, checked.path)
      return checked
    }
    const checked = this.named({ ...file, checked: true, rows: left.rows, bytes: left.bytes.length })
    await this.put(checked, left.bytes)
    await rm(file.path)
    this.bytes += checked.bytes - file.bytes
    return checked
  }

  /** The file has been acknowledged, or holds nothing that is new. */
  async remove(file: SpoolFile): Promise<void> {
    await rm(file.path, { force: true })
    this.bytes -= file.bytes
  }

  /** Sets a file aside that the engine will never take. */
  async reject(file: SpoolFile): Promise<void> {
    try {
      if (this.rejectedBytes + file.bytes > REJECTED_BYTES) await rm(file.path)
      else {
        await rename(file.path, `${file.path}.rejected`)
        this.rejectedBytes += file.bytes
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // somebody took it away, which comes to the same
    }
    this.bytes -= file.bytes
  }

  private named(file: Omit<SpoolFile, 'path'>): SpoolFile {
    const { seq, table, rows, bytes, token, checked } = file
    const name = `${String(seq).padStart(12, '0')}-${table}-${rows}-${bytes}-${token}.${checked ? 'ready' : 'new'}`
    return { seq, table, rows, bytes, token, checked, path: join(this.dir, name) }
  }

  private async put(file: SpoolFile, bytes: Buffer): Promise<void> {
    const unfinished = `${file.path}.tmp`
    try {
      await this.write(unfinished, bytes)
      await rename(unfinished, file.path)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
  }
}

interface Found {
  readonly whole: SpoolFile[]
  readonly cutShort: SpoolFile[]
  readonly rejectedBytes: number
}

/** What lies in the directory, put in order: of a file that was just being checked, the checked one stays. */
const find = async (dir: string): Promise<Found> => {
  const whole = new Map<number, SpoolFile>()
  const cutShort: SpoolFile[] = []
  let rejectedBytes = 0
  for (const name of await readdir(dir)) {
    const path = join(dir, name)
    if (name.endsWith('.tmp')) await rm(path)
    else if (name.endsWith('.rejected')) rejectedBytes += (await stat(path)).size
    const file = readName(dir, name)
    if (file === undefined) continue
    const { size } = await stat(path)
    const other = whole.get(file.seq)
    if (size !== file.bytes) {
      await rename(path, `${path}.rejected`)
      rejectedBytes += size
      cutShort.push(file)
    } else if (other?.checked) await rm(file.path)
    else {
      if (other) await rm(other.path)
      whole.set(file.seq, file)
    }
  }
  return { whole: [...whole.values()].sort((a, b) => a.seq - b.seq), cutShort, rejectedBytes }
}

const readName = (dir: string, name: string): SpoolFile | undefined => {
  const [, seq, table, rows, bytes, token, state] = NAME.exec(name) ?? []
  if (table === undefined || !TABLES.includes(table as TableName)) return undefined
  return {
    seq: Number(seq),
    table: table as TableName,
    rows: Number(rows),
    bytes: Number(bytes),
    token: token!,
    checked: state === 'ready',
    path: join(dir, name),
  }
}
