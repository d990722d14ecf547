/** Bytes of an answer: years of a large protocol take twenty million. */
const LONGEST_BYTES = 64 * 1024 * 1024

/** Returns the text of an answer; undefined if it is too long. Rejects if it breaks off. */
export const readBounded = async (response: Response): Promise<string | undefined> => {
  const pieces: Uint8Array[] = []
  let bytes = 0
  if (response.body === null) return ''
  for await (const piece of response.body) {
    bytes += piece.length
    if (bytes > LONGEST_BYTES) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
