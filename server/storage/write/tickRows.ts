import type { Interner } from '../../../streams/lib/interner.ts'
import { CANDLE, QUOTE, REFUSED, type Ticks } from '../../../streams/market/ticks.ts'
import { LAST_MS, type RowWriter } from '../engine/rowBinary.ts'
import type { TickWatermarks } from './tickWatermarks.ts'

const LOW = 2 ** 32

/** Bytes of a row's numbers: t, price, size, side, span, open, high, low, frame and row. */
const NUMBERS = 8 + 8 + 8 + 1 + 4 + 8 + 8 + 8 + 8 + 4

/**
 * Writes ticks as rows of TICKS. Every tick that is stored passes through here, so it is written out column by column: names are
 * bytes that were made once, and a time is two halves, of which the upper one hardly ever changes.
 */
export class TickRows {
  /** Rows written by the last call. */
  rows = 0
  /** Ticks that the last call left out because their column cannot hold the time (to 2299) or the length (49 days). */
  unstorable = 0
  private readonly symbols: NameBytes
  private readonly sources: NameBytes
  private readonly newest: TickWatermarks

  constructor(symbols: Interner, sources: Interner, newest: TickWatermarks) {
    this.symbols = new NameBytes(symbols)
    this.sources = new NameBytes(sources)
    this.newest = newest
  }

  /**
   * Writes the ticks from `i` on until `out` holds `limit` bytes, and returns the first one not written. Quotes and refused
   * ticks are passed over. `frame` (ms) is the frame they were taken in, `row` the number of the first of them in it.
   */
  write(out: RowWriter, ticks: Ticks, i: number, frame: number, row: number, limit: number): number {
    const { type, symbol, source, t, price, size, side, id, candle } = ticks.columns
    const frameHigh = Math.floor(frame / LOW)
    const frameLow = frame - frameHigh * LOW
    let timeHigh = -1
    let timeBase = 0
    let { bytes, view } = out
    let at = out.length
    this.rows = 0
    this.unstorable = 0
    this.newest.refresh()
    for (; i < ticks.to; i++) {
      const kind = type[i]!
      if (kind === QUOTE || kind === REFUSED) continue
      const time = t[i]!
      if (!(time >= 0 && time <= LAST_MS) || (kind === CANDLE && !(candle!.span[i]! < LOW))) {
        this.unstorable += 1
        continue
      }
      if (at >= limit) break
      const symbolBytes = this.symbols.at(symbol[i]!)
      const sourceBytes = this.sources.at(source[i]!)
      const name = id[i]!
      const most = symbolBytes.length + sourceBytes.length + name.length * 3 + 5 + NUMBERS
      if (at + most > bytes.length) {
        out.length = at
        out.reserve(most)
        bytes = out.bytes
        view = out.view
      }
      for (let k = 0; k < symbolBytes.length; k++) bytes[at++] = symbolBytes[k]!
      for (let k = 0; k < sourceBytes.length; k++) bytes[at++] = sourceBytes[k]!
      const low = time - timeBase
      if (low >= 0 && low < LOW && timeHigh >= 0) {
        view.setUint32(at, low, true)
      } else {
        timeHigh = Math.floor(time / LOW)
        timeBase = timeHigh * LOW
        view.setUint32(at, time - timeBase, true)
      }
      view.setUint32(at + 4, timeHigh, true)
      at = writeId(bytes, at + 8, name)
      view.setFloat64(at, price[i]!, true)
      view.setFloat64(at + 8, size[i]!, true)
      bytes[at + 16] = side[i]!
      if (kind === CANDLE) {
        view.setUint32(at + 17, candle!.span[i]!, true)
        view.setFloat64(at + 21, candle!.open[i]!, true)
        view.setFloat64(at + 29, candle!.high[i]!, true)
        view.setFloat64(at + 37, candle!.low[i]!, true)
      } else {
        view.setUint32(at + 17, 0, true)
        view.setFloat64(at + 21, price[i]!, true)
        view.setFloat64(at + 29, price[i]!, true)
        view.setFloat64(at + 37, price[i]!, true)
      }
      view.setUint32(at + 45, frameLow, true)
      view.setUint32(at + 49, frameHigh, true)
      view.setUint32(at + 53, row + this.rows, true)
      at += 57
      this.rows += 1
      this.newest.meet(symbol[i]!, source[i]!, time)
    }
    out.length = at
    return i
  }
}

/** Writes a string: its length, then its UTF-8 form, which for nearly every id is one byte a character. */
const writeId = (bytes: Buffer, at: number, id: string): number => {
  const { length } = id
  if (length < 128) {
    bytes[at] = length
    let k = 0
    for (; k < length; k++) {
      const code = id.charCodeAt(k)
      if (code > 127) break
      bytes[at + 1 + k] = code
    }
    if (k === length) return at + 1 + length
  }
  let rest = Buffer.byteLength(id)
  for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128
  bytes[at++] = rest
  return at + bytes.write(id, at)
}

/** Names as RowBinary strings, by their number. */
class NameBytes {
  private readonly names: Interner
  private readonly bytes: Uint8Array[] = []

  constructor(names: Interner) {
    this.names = names
  }

  at(index: number): Uint8Array {
    let bytes = this.bytes[index]
    if (bytes === undefined) {
      const text = Buffer.from(this.names.at(index))
      const head = text.length < 128 ? [text.length] : [(text.length & 127) | 128, text.length >>> 7]
      bytes = Uint8Array.from([...head, ...text])
      this.bytes[index] = bytes
    }
    return bytes
  }
}
