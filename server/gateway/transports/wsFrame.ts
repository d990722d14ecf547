/** Opcode of a text message. */
export const TEXT = 0x1
/** Opcode of a ping. */
export const PING = 0x9
/** Opcode of a pong. */
export const PONG = 0xa

/** Returns a whole message in one frame as a server sends it: unmasked, not compressed (RFC 6455, 5.2). The payload is copied. */
export const frameOf = (opcode: number, payload: Uint8Array | string): Buffer => {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = 0x80 | opcode
  if (header === 2) frame[1] = length
  else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUInt32BE(0, 2)
    frame.writeUInt32BE(length, 6)
  }
  if (typeof payload === 'string') frame.write(payload, header)
  else frame.set(payload, header)
  return frame
}
