import { CALL_WORD, SELECTOR, UNKNOWN, type Value } from './value.ts'

const BITS = 256n
const ALL = (1n << BITS) - 1n
const SIGN = 1n << (BITS - 1n)
/** The selector is the upper four bytes of the word. */
const SHIFT = 224n
const FOUR_BYTES = 0xffffffffn

const signed = (n: bigint): bigint => (n & SIGN ? n - (1n << BITS) : n)
const bit = (yes: boolean): bigint => (yes ? 1n : 0n)

/** (a, b) are the top of the stack and what stands below. Divisors of zero give zero. Yellow paper, appendix H. */
const BINARY: Readonly<Record<number, (a: bigint, b: bigint) => bigint>> = {
  1: (a, b) => (a + b) & ALL,
  2: (a, b) => (a * b) & ALL,
  3: (a, b) => (a - b) & ALL,
  4: (a, b) => (b === 0n ? 0n : a / b),
  6: (a, b) => (b === 0n ? 0n : a % b),
  16: (a, b) => bit(a < b),
  17: (a, b) => bit(a > b),
  18: (a, b) => bit(signed(a) < signed(b)),
  19: (a, b) => bit(signed(a) > signed(b)),
  20: (a, b) => bit(a === b),
  22: (a, b) => a & b,
  23: (a, b) => a | b,
  24: (a, b) => a ^ b,
  26: (a, b) => (a > 31n ? 0n : (b >> (8n * (31n - a))) & 0xffn),
  27: (a, b) => (a >= BITS ? 0n : (b << a) & ALL),
  28: (a, b) => (a >= BITS ? 0n : b >> a),
  10: (a, b) => power(a, b),
}

const power = (base: bigint, exponent: bigint): bigint => {
  let [product, factor] = [1n, base]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) product = (product * factor) & ALL
    factor = (factor * factor) & ALL
  }
  return product
}

/** Opcodes of two operands that are computed. */
export const isBinary = (opcode: number): boolean => opcode in BINARY

const [MUL, DIV, MOD, SUB, EQ, AND, XOR, SHR] = [2, 4, 6, 3, 20, 22, 24, 28]

/** Returns what an opcode makes of two operands, of which `a` was on top. */
export const binary = (opcode: number, a: Value, b: Value): Value => {
  if (typeof a === 'bigint' && typeof b === 'bigint') return BINARY[opcode]!(a, b)
  if (opcode === AND && (a === 0n || b === 0n)) return 0n
  if (opcode === MUL && (a === 0n || b === 0n)) return 0n
  return ofSelector(opcode, a, b) ?? UNKNOWN
}

/** Returns what an opcode makes of the call's first word, or of its selector; undefined if that says nothing more of it. */
const ofSelector = (opcode: number, a: Value, b: Value): Value | undefined => {
  const [number, other] = typeof a === 'bigint' ? [a, b] : [b, a]
  if (typeof number !== 'bigint') return undefined
  if (other === CALL_WORD) return ofWord(opcode, a, b, number)
  if (other === SELECTOR) {
    if (opcode === AND && (number & FOUR_BYTES) === FOUR_BYTES) return SELECTOR
    if (opcode === MOD && b === number) return { by: number }
    return testOf(opcode, number)
  }
  // A test that is tested: EQ with zero turns it.
  if (typeof other === 'object' && 'selector' in other && opcode === EQ && number === 0n) return { ...other, is: !other.is }
  return undefined
}

const ofWord = (opcode: number, a: Value, b: Value, number: bigint): Value | undefined => {
  if (opcode === SHR && a === SHIFT) return SELECTOR
  if (opcode === DIV && b === 1n << SHIFT) return SELECTOR
  if (opcode === AND && number >> SHIFT === FOUR_BYTES) return CALL_WORD
  // Compared without being shifted, once the rest of the word has been masked.
  return number & ((1n << SHIFT) - 1n) ? undefined : testOf(opcode, number >> SHIFT)
}

const testOf = (opcode: number, number: bigint): Value | undefined => {
  if (number > FOUR_BYTES) return undefined
  if (opcode === EQ) return { selector: number, is: true }
  // A difference is not zero, and that is all that is asked of it.
  if (opcode === XOR || opcode === SUB) return { selector: number, is: false }
  return undefined
}

/** Returns ISZERO of a value. */
export const isZero = (value: Value): Value => {
  if (typeof value === 'bigint') return bit(value === 0n)
  return typeof value === 'object' && 'selector' in value ? { ...value, is: !value.is } : UNKNOWN
}

/** Returns NOT of a value. */
export const not = (value: Value): Value => (typeof value === 'bigint' ? value ^ ALL : UNKNOWN)
