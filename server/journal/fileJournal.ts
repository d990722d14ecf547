import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { LedgerEntry } from '../../streams/input.ts'
import type { Journal } from './journal.ts'

/** The file ends in a line that was never finished: what a kill in mid-write leaves. Anything else wrong is damage. */
export class DamagedJournal extends Error {}

/** One JSON line an entry, in the data directory, each append followed by an fsync. */
export const fileJournal = async (dataDir: string): Promise<Journal> => {
  await mkdir(dataDir, { recursive: true })
  const file = join(dataDir, 'journal.ndjson')
  const handle = await open(file, 'a+')
  const entries = await readEntries(handle, file)
  let last: Promise<void> = Promise.resolve()
  return {
    read: async () => entries,
    append: more => {
      const text = more.map(entry => `${JSON.stringify(entry)}\n`).join('')
      const append = last.then(async () => {
        const { size } = await handle.stat()
        try {
          await handle.write(text)
          await handle.datasync()
        } catch (error) {
          await handle.truncate(size)
          throw error
        }
        entries.push(...more)
      })
      last = append.catch(() => {})
      return append
    },
    close: async () => {
      await last
      await handle.close()
    },
  }
}

const readEntries = async (handle: FileHandle, file: string): Promise<LedgerEntry[]> => {
  const text = (await handle.readFile('utf8')) || ''
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  // An entry that never got its line end was never acknowledged.
  if (whole.length < text.length) await handle.truncate(Buffer.byteLength(whole))
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line, i) => {
      try {
        return JSON.parse(line) as LedgerEntry
      } catch {
        throw new DamagedJournal(`${file}: line ${i + 1} is no entry of a journal, expected JSON`)
      }
    })
}
