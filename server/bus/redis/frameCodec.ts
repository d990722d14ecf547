import type { Push } from '../../../streams/channels/channelStates.ts'
import type { Flush } from '../bus.ts'

/** What a frame of the stream has of one flush; the epoch is the term of the frame's id. */
export type Part = Omit<Flush, 'epoch'>

/** The form of frames: a reader refuses any other. */
const VERSION = 1
const HEAD_BYTES = 1 + 4
const PART_BYTES = 8 + 4 + 4
const PUSH_BYTES = 2 + 8 + 8 + 4

/**
 * Writes flushes as one frame: version (u8), how many (u32), then each as t (f64), how many pushes and how many snapshots (u32 each), and
 * these: length of the name (u16), name, seq and prev (f64 each), length (u32), bytes. All numbers are big-endian.
 */
export const encodeFrame = (parts: readonly Part[]): Buffer => {
  const names = parts.map(({ pushes, ready }) => [...pushes, ...ready].map(({ channel }) => Buffer.from(channel)))
  const frame = Buffer.allocUnsafeSlow(sizeOf(parts, names))
  frame.writeUInt8(VERSION, 0)
  let at = frame.writeUInt32BE(parts.length, 1)
  parts.forEach(({ t, pushes, ready }, i) => {
    at = frame.writeDoubleBE(t, at)
    at = frame.writeUInt32BE(pushes.length, at)
    at = frame.writeUInt32BE(ready.length, at)
    pushes.forEach((push, k) => {
      at = writePush(frame, at, names[i]![k]!, push)
    })
    ready.forEach((push, k) => {
      at = writePush(frame, at, names[i]![pushes.length + k]!, push)
    })
  })
  return frame
}

/** Reads a frame. The pushes are slices of it. Throws an Error if it is none. */
export const decodeFrame = (frame: Buffer): Part[] => {
  if (frame[0] !== VERSION) throw new Error(`frame: found version ${frame[0] ?? 'none'}, expected ${VERSION}`)
  const reader = new FrameReader(frame, 1)
  const parts: Part[] = []
  for (let left = reader.count(); left > 0; left--) {
    const t = reader.double()
    const [pushes, ready] = [reader.count(), reader.count()]
    parts.push({ t, pushes: reader.pushes(pushes), ready: reader.pushes(ready) })
  }
  return parts
}

const sizeOf = (parts: readonly Part[], names: readonly (readonly Buffer[])[]): number => {
  let size = HEAD_BYTES
  parts.forEach(({ pushes, ready }, i) => {
    size += PART_BYTES
    for (const name of names[i]!) size += PUSH_BYTES + name.length
    for (const { bytes } of pushes) size += bytes.length
    for (const { bytes } of ready) size += bytes.length
  })
  return size
}

const writePush = (frame: Buffer, start: number, name: Buffer, { seq, prev, bytes }: Push): number => {
  let at = frame.writeUInt16BE(name.length, start)
  frame.set(name, at)
  at = frame.writeDoubleBE(seq, at + name.length)
  at = frame.writeDoubleBE(prev, at)
  at = frame.writeUInt32BE(bytes.length, at)
  frame.set(bytes, at)
  return at + bytes.length
}

class FrameReader {
  private readonly frame: Buffer
  private at: number

  constructor(frame: Buffer, at: number) {
    this.frame = frame
    this.at = at
  }

  count(): number {
    this.at += 4
    return this.frame.readUInt32BE(this.at - 4)
  }

  double(): number {
    this.at += 8
    return this.frame.readDoubleBE(this.at - 8)
  }

  pushes(count: number): Push[] {
    const pushes: Push[] = []
    for (let i = 0; i < count; i++) pushes.push(this.push())
    return pushes
  }

  private push(): Push {
    this.at += 2
    const end = this.at + this.frame.readUInt16BE(this.at - 2)
    const channel = this.frame.toString('utf8', this.at, end)
    this.at = end
    const [seq, prev] = [this.double(), this.double()]
    return { channel, seq, prev, bytes: this.slice(this.count()) }
  }

  private slice(length: number): Buffer {
    const end = this.at + length
    if (end > this.frame.length) throw new Error(`frame: found ${this.frame.length} bytes, expected ${end}`)
    const slice = this.frame.subarray(this.at, end)
    this.at = end
    return slice
  }
}
