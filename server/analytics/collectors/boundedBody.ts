/** Bytes of an answer: years of a large protocol take twenty million. */
const LONGEST_BYTES = 64 * 1024 * 1024

/** Returns the text of an answer. Rejects if it is too long or breaks off. */
export const readBounded = async (response: Response): Promise<string> => {
  const pieces: Uint8Array[] = []
  let bytes = 0
  if (response.body === null) return ''
  for await (const piece of response.body) {
    bytes += piece.length
    if (bytes > LONGEST_BYTES) throw new Error(`more than ${LONGEST_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
