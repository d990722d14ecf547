import { createHash } from 'node:crypto'
import { contentOf } from '../../lib/blocks.ts'

/**
 * Names a content, whatever its file is called and however it is packed: the first 12 hexadecimal digits of its SHA-256.
 * Meaningless once `signal` has aborted.
 */
export const contentId = async (path: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash('sha256')
  try {
    for await (const chunk of await contentOf(path)) {
      if (signal.aborted) break
      hash.update(chunk as Buffer)
    }
  } catch {
    // A file that breaks off is read as far as it goes, and named so.
  }
  return hash.digest('hex').slice(0, 12)
}
