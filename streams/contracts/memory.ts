import { CALL_WORD, keyOf, SELECTOR, UNKNOWN, type Value } from './value.ts'

/** Bytes that are kept: compilers put the pointer to free memory, and what they dispatch by, at the beginning. */
const SIZE = 1_024
const WORD = 32

/** The beginning of a run's memory. What lies behind is unknown. */
export class Memory {
  private readonly bytes: Uint8Array
  /** Words by their place that are no numbers, or stand where other bytes are unknown. */
  private readonly words: Map<number, Value>
  /** From here on bytes are unknown. */
  private known: number

  constructor(from?: Memory) {
    this.bytes = from ? from.bytes.slice() : new Uint8Array(SIZE)
    this.words = new Map(from?.words)
    this.known = from?.known ?? SIZE
  }

  /** Words that have to be looked at. */
  get size(): number {
    return this.words.size
  }

  /** Reads the word at a place. */
  load(at: Value): Value {
    const place = placeOf(at)
    if (place === undefined) return UNKNOWN
    const word = this.words.get(place)
    if (word !== undefined) return word
    // Old Vyper puts the first word of the call 28 bytes behind, and reads the selector at the end of the word before.
    if (place === 0 && this.words.get(28) === CALL_WORD) return SELECTOR
    if (place + WORD > this.known || this.near(place).length > 0) return UNKNOWN
    return this.bytes.subarray(place, place + WORD).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  }

  /** Writes a word. */
  store(at: Value, value: Value): void {
    const place = placeOf(at)
    if (place === undefined) {
      if (typeof at !== 'bigint') this.forget(0)
      return
    }
    for (const other of this.near(place)) this.words.set(other, UNKNOWN)
    if (typeof value !== 'bigint' || place + WORD > this.known) {
      this.words.set(place, value)
      return
    }
    this.words.delete(place)
    for (let i = WORD - 1, rest = value; i >= 0; i--, rest >>= 8n) this.bytes[place + i] = Number(rest & 0xffn)
  }

  /** Writes bytes; without `bytes` unknown ones. */
  copy(at: Value, size: Value, bytes?: Uint8Array): void {
    if (size === 0n) return
    const from = placeOf(at)
    if (from === undefined && typeof at === 'bigint') return
    if (from === undefined || typeof size !== 'bigint' || bytes === undefined) {
      this.forget(from ?? 0, typeof size === 'bigint' ? size : undefined)
      return
    }
    const to = Math.min(from + Number(size), SIZE)
    for (const place of [...this.words.keys()]) if (place > from - WORD && place < to) this.words.set(place, UNKNOWN)
    for (const place of [...this.words.keys()]) if (place >= from && place + WORD <= to) this.words.delete(place)
    for (let place = from; place < to; place++) this.bytes[place] = bytes[place - from] ?? 0
  }

  /** Returns a text that is the same for memories of which the same is known. */
  key(): string {
    const words = [...this.words].map(([place, value]) => `${place}${keyOf(value)}`)
    return `${this.known}|${keyOf(this.load(0x40n))}|${words.sort().join()}`
  }

  /** Forgets bytes: something unknown was written there. */
  private forget(from: number, size?: bigint): void {
    const to = size === undefined ? SIZE : Math.min(from + Number(size), SIZE)
    if (to < SIZE && to - from <= 4 * WORD) {
      for (let place = from; place < to; place += WORD) this.store(BigInt(place), UNKNOWN)
      return
    }
    for (const place of [...this.words.keys()]) if (place > from - WORD) this.words.delete(place)
    this.known = Math.min(this.known, from)
  }

  /** Returns the places of words that overlap the word at a place, without its own. */
  private near(place: number): number[] {
    return [...this.words.keys()].filter(other => other !== place && Math.abs(other - place) < WORD)
  }
}

const placeOf = (at: Value): number | undefined => (typeof at === 'bigint' && at <= BigInt(SIZE - WORD) ? Number(at) : undefined)
