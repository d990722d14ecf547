import { cp, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BackupError } from './manifest.ts'

/**
 * Makes a directory by filling another one beside it, which gets the name when it is whole and on disk: whatever ends this process before, there is
 * no half of it under the name. Rejects, and leaves nothing, if `fill` does.
 */
export const wholeDirectory = async <T>(dir: string, ending: string, fill: (unfinished: string) => Promise<T>): Promise<T> => {
  const unfinished = `${dir}${ending}`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  try {
    const made = await fill(unfinished)
    await rename(unfinished, dir)
    await syncDirectory(dirname(dir))
    return made
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {})
    throw error
  }
}

/** Rejects with BackupError if something lies in a directory. It may be there, empty, or not be there. */
export const checkEmpty = async (dir: string, expected: string): Promise<void> => {
  const found = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new BackupError(`${dir}: found ${error.code}, expected ${expected}`)
  })
  if (found.length > 0) throw new BackupError(`${dir}: found it in use (${found[0]}), expected ${expected}`)
}

/** Moves a directory to a name that is free, or an empty directory; to another file system by a copy, which `check` must accept. */
export const moveDirectory = async (from: string, to: string, check: (dir: string) => Promise<void>): Promise<void> => {
  try {
    await mkdir(dirname(to), { recursive: true })
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await wholeDirectory(to, '.part', async unfinished => {
      await cp(from, unfinished, { recursive: true })
      await check(unfinished)
    })
    await rm(from, { recursive: true, force: true })
  }
  await syncDirectory(dirname(to))
}

/** Writes to disk which names a directory has. */
export const syncDirectory = async (dir: string): Promise<void> => {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
