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

/** Files that are set aside are kept up to this many bytes. */
const ASIDE_BYTES_MAX = 64 * 1024 * 1024

const NAME = /^(\d{12})-([a-z]+)-(\d+)-(\d+)-([0-9a-f-]{36})\.(new|ready)$/
const ASIDE = '.rejected'

/** Files that are set aside, and their rows. */
export interface SetAside {
  readonly files: number
  readonly rows: number
}

/**
 * The outbox: batches as files in a directory, from before they are sent until they are acknowledged. A file has its name only
 * when it is whole, so what a kill leaves behind can be sent as it is: `.ready` perhaps once more, `.new` for the first time. A file that the
 * engine does not take is set aside as `….rejected`, and sent again at the next start.
 */
export class Spool {
  /** Files of former processes: those that waited, oldest first, and then those that were set aside. */
  readonly leftOver: SpoolFile[]
  /** Files of the last process that a loss of power cut short. They are set aside for good. */
  readonly cutShort: readonly SpoolFile[]
  /** Bytes of the files waiting. */
  bytes = 0
  private readonly dir: string
  private readonly write: typeof writeFile
  private seq: number
  /** Files that are set aside, under the names that they have now. */
  private aside: SpoolFile[]

  private constructor(dir: string, found: Found, write: typeof writeFile) {
    this.dir = dir
    this.write = write
    this.leftOver = found.whole
    this.cutShort = found.cutShort
    this.seq = found.newest
    this.aside = [...found.aside]
    for (const file of found.whole) this.bytes += file.bytes
  }

  /** Opens a directory, and makes it if it is missing. `write` writes a whole file. */
  static async open(dir: string, write: typeof writeFile = writeFile): Promise<Spool> {
    await mkdir(dir, { recursive: true })
    const spool = new Spool(dir, await find(dir), write)
    spool.leftOver.push(...(await spool.revive()))
    return spool
  }

  /** Returns the number of the next file. Files are sent in the order of their numbers. */
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

  /** Marks a file as checked; `left` holds the rest of its rows if some were taken out. */
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

  /** Removes a file whose rows are stored. */
  async remove(file: SpoolFile): Promise<void> {
    await rm(file.path, { force: true })
    this.bytes -= file.bytes
  }

  /** Returns how much is set aside. */
  get setAside(): SetAside {
    return { files: this.aside.length, rows: this.aside.reduce((sum, file) => sum + file.rows, 0) }
  }

  /** Returns whether there is room to set the file aside. */
  holds(file: SpoolFile): boolean {
    return this.aside.reduce((sum, { bytes }) => sum + bytes, file.bytes) <= ASIDE_BYTES_MAX
  }

  /** Sets a file aside; removes it if too many are. Returns false if it was removed. */
  async reject(file: SpoolFile): Promise<boolean> {
    const kept = this.holds(file)
    try {
      if (kept) await rename(file.path, file.path + ASIDE)
      else await rm(file.path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // it is gone already, which is as good
      this.bytes -= file.bytes
      return false
    }
    if (kept) this.aside.push({ ...file, path: file.path + ASIDE })
    this.bytes -= file.bytes
    return kept
  }

  /** Takes up the files that are set aside, as new ones: the engine may have some of their rows by now. Those that were cut short stay. */
  async revive(): Promise<SpoolFile[]> {
    const revived: SpoolFile[] = []
    for (const file of [...this.aside]) {
      if ((await sizeOf(file.path)) !== file.bytes) continue
      const next = this.named({ ...file, seq: this.next(), checked: false })
      await rename(file.path, next.path)
      this.aside = this.aside.filter(other => other !== file)
      this.bytes += next.bytes
      revived.push(next)
    }
    return revived
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
  readonly aside: SpoolFile[]
  /** The greatest number of a file; zero if there is none. */
  readonly newest: number
}

/** Returns what lies in the directory, in order. Of a file that was just being checked, the checked one stays. */
const find = async (dir: string): Promise<Found> => {
  const whole = new Map<number, SpoolFile>()
  const cutShort: SpoolFile[] = []
  const aside: SpoolFile[] = []
  let newest = 0
  for (const name of await readdir(dir)) {
    const path = join(dir, name)
    if (name.endsWith('.tmp')) await rm(path)
    const rejected = name.endsWith(ASIDE)
    const file = readName(path, rejected ? name.slice(0, -ASIDE.length) : name)
    if (file === undefined) continue
    newest = Math.max(newest, file.seq)
    const other = whole.get(file.seq)
    if (rejected) aside.push(file)
    else if ((await sizeOf(path)) !== file.bytes) {
      const moved = { ...file, path: path + ASIDE }
      await rename(path, moved.path)
      aside.push(moved)
      cutShort.push(moved)
    } else if (other?.checked) await rm(file.path)
    else {
      if (other) await rm(other.path)
      whole.set(file.seq, file)
    }
  }
  const bySeq = (a: SpoolFile, b: SpoolFile): number => a.seq - b.seq
  return { whole: [...whole.values()].sort(bySeq), cutShort, aside: aside.sort(bySeq), newest }
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? -1

const readName = (path: string, name: string): SpoolFile | undefined => {
  const [, seq, table, rows, bytes, token, state] = NAME.exec(name) ?? []
  if (table === undefined || !TABLES.includes(table as TableName)) return undefined
  return {
    seq: Number(seq),
    table: table as TableName,
    rows: Number(rows),
    bytes: Number(bytes),
    token: token!,
    checked: state === 'ready',
    path,
  }
}
