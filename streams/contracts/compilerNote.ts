/** What the compiler wrote behind the code. */
export interface CompilerNote {
  /** Where it begins: the code ends here. */
  readonly offset: number
  /** Such as `solc 0.8.19`; undefined if the note does not say. */
  readonly compiler?: string
}

/** A value of CBOR, as far as compilers write it: texts, byte strings, numbers, booleans, arrays and maps with texts as keys. */
type Cbor = string | number | boolean | Uint8Array | readonly Cbor[] | ReadonlyMap<string, Cbor>

/** Reads CBOR (RFC 8949) as compilers write it. Throws if it is anything else. */
class Reader {
  private at = 0
  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Reads the one value that the bytes are. */
  whole(): Cbor {
    const value = this.value(0)
    if (this.at !== this.bytes.length) throw new Error('bytes behind the value')
    return value
  }

  private take(n: number): Uint8Array {
    if (this.at + n > this.bytes.length) throw new Error('cut short')
    this.at += n
    return this.bytes.subarray(this.at - n, this.at)
  }

  private argument(low: number): number {
    if (low < 24) return low
    if (low > 26) throw new Error('a length that no note has')
    return this.take(2 ** (low - 24)).reduce((sum, byte) => sum * 256 + byte, 0)
  }

  private value(depth: number): Cbor {
    if (depth > 4) throw new Error('nested too deeply')
    const first = this.take(1)[0]!
    const kind = first >> 5
    if (kind === 7 && (first === 0xf4 || first === 0xf5)) return first === 0xf5
    const n = this.argument(first & 31)
    if (kind === 0) return n
    if (kind === 2) return this.take(n)
    if (kind === 3) return String.fromCharCode(...this.take(n))
    if (kind === 4) return this.list(n, depth)
    if (kind === 5) return this.map(n, depth)
    throw new Error('a kind that no note has')
  }

  private list(n: number, depth: number): Cbor[] {
    const items: Cbor[] = []
    for (let i = 0; i < n; i++) items.push(this.value(depth + 1))
    return items
  }

  private map(n: number, depth: number): ReadonlyMap<string, Cbor> {
    const map = new Map<string, Cbor>()
    for (let i = 0; i < n; i++) {
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw new Error('a key that is no text')
      map.set(key, this.value(depth + 1))
    }
    return map
  }
}

const COMPILERS = ['solc', 'vyper'] as const

const versionOf = (value: Cbor | undefined): string | undefined => {
  if (typeof value === 'string') return value
  const numbers = value instanceof Uint8Array ? [...value] : Array.isArray(value) ? (value as readonly Cbor[]) : []
  return numbers.length === 3 && numbers.every(n => typeof n === 'number') ? numbers.join('.') : undefined
}

const compilerOf = (map: ReadonlyMap<string, Cbor>): string | undefined => {
  for (const name of COMPILERS) {
    const version = versionOf(map.get(name))
    if (version !== undefined) return `${name} ${version}`
  }
  return undefined
}

const KEYS: ReadonlySet<string> = new Set([...COMPILERS, 'ipfs', 'bzzr0', 'bzzr1', 'experimental'])

const noteAt = (code: Uint8Array, offset: number, end: number): CompilerNote | undefined => {
  if (offset < 0 || offset >= end) return undefined
  let value: Cbor
  try {
    value = new Reader(code.subarray(offset, end)).whole()
  } catch {
    return undefined
  }
  // Vyper from 0.3.10 on writes a list, and the map of its version is the last of it.
  const map = Array.isArray(value) ? (value as readonly Cbor[]).at(-1) : value
  if (!(map instanceof Map) || ![...map.keys()].some(key => KEYS.has(key))) return undefined
  const compiler = compilerOf(map)
  return { offset, ...(compiler !== undefined && { compiler }) }
}

/**
 * Returns the compiler's note behind the code: CBOR, and its length in the last two bytes (docs.soliditylang.org, "Contract Metadata"; Vyper counts
 * the two bytes as well). Undefined if there is none.
 */
export const compilerNote = (code: Uint8Array): CompilerNote | undefined => {
  const end = code.length - 2
  if (end < 2) return undefined
  const length = code[end]! * 256 + code[end + 1]!
  return noteAt(code, end - length, end) ?? noteAt(code, end + 2 - length, end)
}
