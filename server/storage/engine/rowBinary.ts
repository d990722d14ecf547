/**
 * Writes and reads one column of ClickHouse's RowBinary: rows and values one after the other, with nothing between. A value that its
 * column cannot hold is a RangeError, never a wrapped or rounded number. Absence has the form that it has in the rows of the
 * streams: NaN for numbers and times, undefined for integers and amounts.
 */
export interface Codec<T> {
  write(out: RowWriter, value: T): void
  read(input: RowReader): T
  skip(input: RowReader): void
}

/** A column: its name, and one of the types below as ClickHouse writes it. */
export interface Column {
  readonly name: string
  readonly type: string
}

/** Bytes that grow as rows are written to them. */
export class RowWriter {
  bytes: Buffer
  view: DataView
  length = 0

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity)
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength)
  }

  /** Makes room for `count` more bytes and returns where they begin. */
  reserve(count: number): number {
    if (this.length + count > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count))
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
      this.view = new DataView(grown.buffer, grown.byteOffset, grown.byteLength)
    }
    return this.length
  }

  /** The rows written so far, not copied. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length)
  }
}

/** Bytes that are being read, and the place of the next value. Reading past the end is a RangeError. */
export class RowReader {
  readonly bytes: Buffer
  readonly view: DataView
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get ended(): boolean {
    return this.at >= this.bytes.length
  }

  /** Steps over `count` bytes and returns where they begin. */
  step(count: number): number {
    const from = this.at
    if (from + count > this.bytes.length) throw new RangeError(`the rows end after ${this.bytes.length} bytes, in the middle of a value`)
    this.at = from + count
    return from
  }
}

/** Returns the codec of a type. Throws a TypeError for a type that is none of those below. */
export const codecOf = (type: string): Codec<unknown> => {
  const simple = SIMPLE[type]
  if (simple) return simple
  const [, outer, inner] = /^(\w+)\((.*)\)$/.exec(type) ?? []
  if (outer === 'LowCardinality') return codecOf(inner!)
  if (outer === 'Enum8') return codecOf('UInt8') // by its codes, none of which is negative here
  if (outer === 'Array') return arrayOf(codecOf(inner!)) as Codec<unknown>
  if (outer === 'Nullable') return nullable(codecOf(inner!), ABSENT_AS_UNDEFINED.has(inner!) ? undefined : Number.NaN)
  throw new TypeError(`column type: found ${type}, expected one that RowBinary is written in here`)
}

const number = (
  size: number,
  write: (view: DataView, at: number, value: number) => void,
  read: (view: DataView, at: number) => number,
) => ({
  write(out: RowWriter, value: number) {
    const at = out.reserve(size)
    write(out.view, at, value)
    out.length = at + size
  },
  read: (input: RowReader) => read(input.view, input.step(size)),
  skip: (input: RowReader) => void input.step(size),
})

const integer = (
  size: number,
  least: number,
  most: number,
  write: (view: DataView, at: number, value: number) => void,
  read: (view: DataView, at: number) => number,
): Codec<number> =>
  number(
    size,
    (view, at, value) => {
      if (!(Number.isInteger(value) && value >= least && value <= most))
        throw new RangeError(`found ${value}, expected an integer from ${least} to ${most}`)
      write(view, at, value)
    },
    read,
  )

/** Integers of `words` × 64 bits, lowest word first. */
const wide = (words: number, signed: boolean, least: bigint, most: bigint): Codec<bigint> => ({
  write(out, value) {
    if (value < least || value > most) throw new RangeError(`found ${value}, expected an integer from ${least} to ${most}`)
    const at = out.reserve(words * 8)
    let rest = value
    for (let i = 0; i < words; i++) {
      out.view.setBigUint64(at + i * 8, BigInt.asUintN(64, rest), true)
      rest >>= 64n
    }
    out.length = at + words * 8
  },
  read(input) {
    const at = input.step(words * 8)
    let value = 0n
    for (let i = words - 1; i >= 0; i--) value = (value << 64n) | input.view.getBigUint64(at + i * 8, true)
    return signed ? BigInt.asIntN(words * 64, value) : value
  },
  skip: input => void input.step(words * 8),
})

const writeLength = (out: RowWriter, length: number): void => {
  let at = out.reserve(5)
  let rest = length
  while (rest > 127) {
    out.bytes[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  out.bytes[at++] = rest
  out.length = at
}

const readLength = (input: RowReader): number => {
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = input.bytes[input.step(1)]!
    length += (byte & 127) * 2 ** shift
    if (byte < 128) return length
  }
}

const text: Codec<string> = {
  write(out, value) {
    const length = Buffer.byteLength(value)
    writeLength(out, length)
    const at = out.reserve(length)
    out.bytes.write(value, at)
    out.length = at + length
  },
  read(input) {
    const length = readLength(input)
    const at = input.step(length)
    return input.bytes.toString('utf8', at, at + length)
  },
  skip: input => void input.step(readLength(input)),
}

const LOW = 2 ** 32

/** A time in ms. DateTime64 spans 1900 to 2299. */
const time: Codec<number> = {
  write(out, value) {
    if (!(Number.isInteger(value) && value >= FIRST_MS && value <= LAST_MS))
      throw new RangeError(`found the time ${value}, expected ms from 1900 to 2299`)
    const at = out.reserve(8)
    out.view.setInt32(at + 4, Math.floor(value / LOW), true)
    out.view.setUint32(at, value - Math.floor(value / LOW) * LOW, true)
    out.length = at + 8
  },
  read(input) {
    const at = input.step(8)
    return input.view.getInt32(at + 4, true) * LOW + input.view.getUint32(at, true)
  },
  skip: input => void input.step(8),
}
/** The first moment that a column can hold, ms. */
export const FIRST_MS = Date.UTC(1900, 0, 1)
/** The last moment that a column can hold, ms. */
export const LAST_MS = Date.UTC(2300, 0, 1) - 1

const flag: Codec<boolean> = {
  write(out, value) {
    const at = out.reserve(1)
    out.bytes[at] = value ? 1 : 0
    out.length = at + 1
  },
  read: input => input.bytes[input.step(1)] !== 0,
  skip: input => void input.step(1),
}

const arrayOf = (element: Codec<unknown>): Codec<readonly unknown[]> => ({
  write(out, values) {
    writeLength(out, values.length)
    for (const value of values) element.write(out, value)
  },
  read(input) {
    const length = readLength(input)
    if (length > input.bytes.length - input.at) throw new RangeError(`found an array of ${length} elements, more than there are bytes left`)
    return Array.from({ length }, () => element.read(input))
  },
  skip(input) {
    for (let left = readLength(input); left > 0; left--) element.skip(input)
  },
})

const nullable = (inner: Codec<unknown>, absent: unknown): Codec<unknown> => ({
  write(out, value) {
    const missing = value === undefined || (typeof value === 'number' && !Number.isFinite(value))
    const at = out.reserve(1)
    out.bytes[at] = missing ? 1 : 0
    out.length = at + 1
    if (!missing) inner.write(out, value)
  },
  read: input => (input.bytes[input.step(1)] === 1 ? absent : inner.read(input)),
  skip(input) {
    if (input.bytes[input.step(1)] === 0) inner.skip(input)
  },
})

const TWO = 2n
const DECIMAL_MOST = 10n ** 76n - 1n
const ABSENT_AS_UNDEFINED = new Set(['Int256', 'UInt256', 'Decimal(76, 18)', 'String'])

const SIMPLE: Readonly<Record<string, Codec<unknown>>> = {
  String: text,
  Bool: flag,
  Float64: number(
    8,
    (v, at, x) => v.setFloat64(at, x, true),
    (v, at) => v.getFloat64(at, true),
  ),
  UInt8: integer(
    1,
    0,
    255,
    (v, at, x) => v.setUint8(at, x),
    (v, at) => v.getUint8(at),
  ),
  UInt32: integer(
    4,
    0,
    2 ** 32 - 1,
    (v, at, x) => v.setUint32(at, x, true),
    (v, at) => v.getUint32(at, true),
  ),
  Int32: integer(
    4,
    -(2 ** 31),
    2 ** 31 - 1,
    (v, at, x) => v.setInt32(at, x, true),
    (v, at) => v.getInt32(at, true),
  ),
  UInt64: wide(1, false, 0n, TWO ** 64n - 1n),
  Int256: wide(4, true, -(TWO ** 255n), TWO ** 255n - 1n),
  UInt256: wide(4, false, 0n, TWO ** 256n - 1n),
  'Decimal(76, 18)': wide(4, true, -DECIMAL_MOST, DECIMAL_MOST),
  "DateTime64(3, 'UTC')": time,
}
