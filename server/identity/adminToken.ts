import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Returns the admin's token: the one given, else the one in the data directory, else a new one, written there so that only its owner reads it. */
export const adminToken = async (given: string | undefined, dataDir: string): Promise<string> => {
  if (given !== undefined) return given
  const file = join(dataDir, 'admin.token')
  const token = randomBytes(32).toString('base64url')
  try {
    await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx' })
    return token
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return (await readFile(file, 'utf8')).trim()
  }
}
