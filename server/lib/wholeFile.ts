import { contentOf, decoded } from './blocks.ts'

/** Bytes of a file that is read as a whole. */
const BYTES_MAX = 64 * 1024 * 1024

/** Returns a file's text, unpacked and decoded. Rejects if it cannot be read, or is too large. */
export const textOf = async (path: string): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of (await contentOf(path)) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BYTES_MAX) throw new Error(`found more than ${BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return decoded(Buffer.concat(chunks))
}
