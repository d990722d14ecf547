const SLAB = 64 * 1024
const utf8 = new TextEncoder()
const decoder = new TextDecoder()

/** A member of a branch that is a number, as `Branch` keeps it: the value is `mantissa` ÷ 10^`places`. */
export interface NumberMember {
  /** `,"key":` */
  readonly head: Uint8Array
  readonly changed: number
  readonly present: boolean
  readonly mantissa: number
  readonly places: number
}

/** Bytes that no written number exceeds. */
const LONGEST = 40
const NULL = [0x6e, 0x75, 0x6c, 0x6c]

const ZERO = 48
const DOT = 46
const MINUS = 45

/** The two digits of each number below a hundred, in ASCII. */
const PAIRS = Uint8Array.from({ length: 200 }, (_, i) => ZERO + (i % 2 === 0 ? Math.floor(i / 20) : Math.floor(i / 2) % 10))

/** 10⁰ … 10²²: the powers of ten that a double holds exactly. */
export const POWERS: readonly number[] = Array.from({ length: 23 }, (_, k) => Number(`1e${k}`))

/**
 * Writes messages as UTF-8, one behind the other into shared slabs, so that a message costs no allocation but its view. A drained message
 * is never written to again.
 */
export class ByteWriter {
  private slab = new Uint8Array(SLAB)
  private start = 0
  private end = 0

  /** Writes plain ASCII. */
  ascii(text: string): void {
    this.reserve(text.length)
    for (let i = 0; i < text.length; i++) this.slab[this.end++] = text.charCodeAt(i)
  }

  /** Writes one byte. */
  byte(code: number): void {
    this.reserve(1)
    this.slab[this.end++] = code
  }

  /** Writes bytes. */
  bytes(source: Uint8Array): void {
    this.reserve(source.length)
    const { slab } = this
    let end = this.end
    // A loop beats `set` for the few bytes that keys and short texts have.
    for (let i = 0; i < source.length; i++) slab[end++] = source[i]!
    this.end = end
  }

  /** The position of the next byte, for `overwrite`; valid until the message is drained. */
  get position(): number {
    return this.end - this.start
  }

  /** Replaces a byte of the message that is being written. */
  overwrite(position: number, code: number): void {
    this.slab[this.start + position] = code
  }

  /** Writes `mantissa` ÷ 10^`places` as ECMAScript prints it. The mantissa is an integer below 10¹⁵, so its digits are the shortest. */
  decimal(mantissa: number, places: number): void {
    this.reserve(LONGEST)
    this.end = writeDecimal(this.slab, this.end, mantissa, places)
  }

  /** Writes those of `members` that changed after `since`, each behind a comma. All in one loop: this is most of a frame's work. */
  numbers(members: readonly NumberMember[], since: number): void {
    let { slab, end } = this
    for (let i = 0; i < members.length; i++) {
      const { changed, head, present, mantissa, places } = members[i]!
      if (changed <= since) continue
      if (end + head.length + LONGEST > slab.length) {
        this.end = end
        this.reserve(head.length + LONGEST)
        slab = this.slab
        end = this.end
      }
      for (let k = 0; k < head.length; k++) slab[end++] = head[k]!
      if (present) end = writeDecimal(slab, end, mantissa, places)
      else for (let k = 0; k < NULL.length; k++) slab[end++] = NULL[k]!
    }
    this.end = end
  }

  /** Returns the message written since the last call. */
  drain(): Uint8Array {
    const message = this.slab.subarray(this.start, this.end)
    this.start = this.end
    return message
  }

  /** Makes room for `count` bytes more; the message moves to a new slab if this one ends. */
  private reserve(count: number): void {
    if (this.end + count <= this.slab.length) return
    const written = this.slab.subarray(this.start, this.end)
    const slab = new Uint8Array(Math.max(SLAB, (written.length + count) * 2))
    slab.set(written)
    this.slab = slab
    this.start = 0
    this.end = written.length
  }
}

/** Encodes text as UTF-8. */
export const utf8Bytes = (text: string): Uint8Array => utf8.encode(text)

/** Decodes UTF-8. */
export const utf8Text = (bytes: Uint8Array): string => decoder.decode(bytes)

/** Writes a number at `end`, where LONGEST bytes are free, and returns where it ends. */
const writeDecimal = (slab: Uint8Array, end: number, mantissa: number, places: number): number => {
  const size = Math.abs(mantissa)
  if (size < POWERS[Math.max(0, places - 6)]! || places > 22 || places < -6) {
    const text = `${Number(`${mantissa}e${-places}`)}`
    for (let i = 0; i < text.length; i++) slab[end++] = text.charCodeAt(i)
    return end
  }
  if (mantissa < 0) slab[end++] = MINUS
  if (places <= 0) {
    end = writeWhole(slab, end, size)
    for (let i = places; i < 0; i++) slab[end++] = ZERO
    return end
  }
  const scale = POWERS[places]!
  const whole = Math.floor(size / scale)
  const rest = size - whole * scale
  end = writeWhole(slab, end, whole)
  if (rest === 0) return end
  slab[end++] = DOT
  end = writeDigits(slab, end, rest, places)
  while (slab[end - 1] === ZERO) end -= 1
  return end
}

/** Writes a whole number below 10¹⁵, and returns where it ends. */
const writeWhole = (slab: Uint8Array, end: number, value: number): number => {
  if (value < 10) {
    slab[end] = ZERO + value
    return end + 1
  }
  let width = 2
  while (value >= POWERS[width]!) width += 1
  return writeDigits(slab, end, value, width)
}

/** Writes a whole number below 10^width in exactly `width` digits, zeros in front, and returns where it ends. */
const writeDigits = (slab: Uint8Array, end: number, value: number, width: number): number => {
  let i = end + width
  let rest = width
  if (rest > 8) {
    // Eight digits fit an integer of 32 bits, with which division is cheap.
    const high = Math.floor(value / 1e8)
    let low = value - high * 1e8
    for (let k = 0; k < 4; k++) {
      const next = (low / 100) | 0
      const pair = 2 * (low - next * 100)
      slab[--i] = PAIRS[pair + 1]!
      slab[--i] = PAIRS[pair]!
      low = next
    }
    rest -= 8
    if (rest > 8) {
      writeDigits(slab, end, high, rest)
      return end + width
    }
    value = high
  }
  let low = value | 0
  for (; rest >= 2; rest -= 2) {
    const next = (low / 100) | 0
    const pair = 2 * (low - next * 100)
    slab[--i] = PAIRS[pair + 1]!
    slab[--i] = PAIRS[pair]!
    low = next
  }
  if (rest === 1) slab[--i] = ZERO + low
  return end + width
}
