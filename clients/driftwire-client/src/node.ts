import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import type { OrderStorage } from './orderStore.ts'

/** Returns a storage that keeps orders in a file: they outlive the process, and a crash of the machine. */
export const fileStorage = (path: string): OrderStorage => {
  const read = (): Record<string, string> => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'))
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return {}
      throw new Error(`${path}: found a file that cannot be read, expected the orders of a client (${(error as Error).message})`)
    }
  }
  const write = (items: Record<string, string>): void => {
    const draft = `${path}.new`
    const file = openSync(draft, 'w', 0o600)
    try {
      writeSync(file, JSON.stringify(items))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, path)
  }
  return {
    getItem: key => read()[key] ?? null,
    setItem: (key, value) => write({ ...read(), [key]: value }),
    removeItem: key => {
      const { [key]: _, ...others } = read()
      write(others)
    },
  }
}
