import { createHash, hash as digestOf } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, open, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'

/** A backup that cannot be made, or that cannot be used. The message is one line: where, what was found, what was expected. */
export class BackupError extends Error {}

/** The name of the manifest in a backup. */
export const MANIFEST = 'manifest.json'

const FORMAT = 1

const FILE = z.strictObject({ path: z.string(), bytes: z.int(), sha256: z.string() })
const CONTENT = z.strictObject({
  format: z.literal(FORMAT),
  /** The version of driftwire that made it. */
  driftwire: z.string(),
  made: z.iso.datetime(),
  journal: z.strictObject({ entries: z.int(), hash: z.string() }),
  /** Rows by table, of an embedded ClickHouse; null: the rows lie on a server, which has its own backups. */
  rows: z.record(z.string(), z.int()).nullable(),
  /** SHA-256 of the configuration's file; null if none was named. */
  config: z.string().nullable(),
  files: z.array(FILE),
})

/** What a backup has: all its files with their sums, and what must be true after it is restored. */
export type Manifest = z.infer<typeof CONTENT>
/** A file of a backup. */
export type BackupFile = z.infer<typeof FILE>

/** Returns the text of a manifest, with the sum of itself. */
export const manifestText = (manifest: Manifest): string =>
  `${JSON.stringify({ ...manifest, sum: digestOf('sha256', JSON.stringify(manifest)) }, null, 1)}\n`

/** Reads the manifest of a backup. Rejects with BackupError if there is none, or none that is whole. */
export const readManifest = async (dir: string): Promise<Manifest> => {
  const path = join(dir, MANIFEST)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new BackupError(`${path}: found ${error.code === 'ENOENT' ? 'none' : error.code}, expected the manifest of a whole backup`)
  })
  const { sum, ...content } = parsed(path, text)
  const manifest = CONTENT.safeParse(content)
  if (!manifest.success) throw new BackupError(`${path}: found another form, expected a manifest of format ${FORMAT}`)
  if (sum !== digestOf('sha256', JSON.stringify(manifest.data)))
    throw new BackupError(`${path}: found it changed, expected what its sum says`)
  return manifest.data
}

const parsed = (path: string, text: string): { readonly sum?: unknown } => {
  try {
    return Object(JSON.parse(text))
  } catch (error) {
    throw new BackupError(`${path}: found no JSON (${(error as Error).message}), expected the manifest of a whole backup`)
  }
}

/** Returns all files of a directory with their sums, by path, but for the manifest. Each is readable by its owner alone afterwards, and on disk. */
export const sealedFiles = async (dir: string): Promise<BackupFile[]> => {
  const files: BackupFile[] = []
  for (const path of await pathsIn(dir)) {
    const file = await open(join(dir, path), 'r+')
    try {
      await file.chmod(0o600)
      await file.sync()
    } finally {
      await file.close()
    }
    files.push(await fileOf(dir, path))
  }
  return files
}

/** Rejects with BackupError at the first file that is missing, changed or not of this backup. */
export const checkFiles = async (dir: string, { files }: Manifest): Promise<void> => {
  const there = new Set(await pathsIn(dir))
  for (const { path, bytes, sha256 } of files) {
    if (!there.delete(path)) throw new BackupError(`${join(dir, path)}: found none, expected a file of ${bytes} bytes`)
    const found = await fileOf(dir, path)
    if (found.bytes !== bytes) throw new BackupError(`${join(dir, path)}: found ${found.bytes} bytes, expected ${bytes}`)
    if (found.sha256 !== sha256) throw new BackupError(`${join(dir, path)}: found it changed, expected the content with the sum ${sha256}`)
  }
  for (const path of there) throw new BackupError(`${join(dir, path)}: found a file that the manifest does not name, expected none`)
}

const fileOf = async (dir: string, path: string): Promise<BackupFile> => {
  const sum = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(join(dir, path))) {
    sum.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { path, bytes, sha256: sum.digest('hex') }
}

/** Returns the paths of all files, in order. Rejects with BackupError for anything that is neither a file nor a directory. */
const pathsIn = async (dir: string): Promise<string[]> => {
  const paths: string[] = []
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) continue
    if (!(await lstat(path)).isFile()) throw new BackupError(`${path}: found neither a file nor a directory, expected one of these`)
    paths.push(relative(dir, path))
  }
  return paths.filter(path => path !== MANIFEST).sort()
}
