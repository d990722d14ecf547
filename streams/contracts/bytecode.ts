/** Bytes of code that are analysed; longer code is refused. Twice what Ethereum deploys, and as much as other chains do. */
export const CODE_MAX = 65_536

const HEX = /^[0-9a-f]*$/i

/** Returns the bytes of a contract's code, with or without `0x` before it. Throws if it is no code, or too long. */
export const codeOf = (text: string): Uint8Array => {
  const hex = text.replace(/^0x/i, '')
  if (hex.length % 2 !== 0 || !HEX.test(hex))
    throw new Error(`code: found ${JSON.stringify(text.slice(0, 20))}, expected pairs of hexadecimal digits`)
  const size = hex.length / 2
  if (size > CODE_MAX) throw new Error(`code: found ${size} bytes, expected at most ${CODE_MAX}`)
  const code = new Uint8Array(size)
  for (let i = 0; i < size; i++) code[i] = 16 * digitAt(hex, 2 * i) + digitAt(hex, 2 * i + 1)
  return code
}

/** '9' stands below 'A' and 'a', which differ by one bit. */
const digitAt = (hex: string, i: number): number => {
  const char = hex.charCodeAt(i)
  return char <= 0x39 ? char - 0x30 : (char | 0x20) - 0x57
}

/** Returns bytes as `0x…`. */
export const hexOf = (bytes: Uint8Array): string => `0x${Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')}`

/** The opcodes that are asked for by name. */
export const OP = {
  STOP: 0x00,
  JUMP: 0x56,
  JUMPDEST: 0x5b,
  PUSH0: 0x5f,
  PUSH1: 0x60,
  PUSH32: 0x7f,
  CALLCODE: 0xf2,
  RETURN: 0xf3,
  DELEGATECALL: 0xf4,
  REVERT: 0xfd,
  INVALID: 0xfe,
  SELFDESTRUCT: 0xff,
} as const

/** Returns the bytes that follow an opcode as its operand. */
export const operandSize = (opcode: number): number => (opcode > OP.PUSH0 && opcode <= OP.PUSH32 ? opcode - OP.PUSH0 : 0)

/** One instruction: where it stands, and its opcode. */
export interface Instruction {
  readonly offset: number
  readonly opcode: number
}

const ENDS: ReadonlySet<number> = new Set([OP.STOP, OP.JUMP, OP.RETURN, OP.REVERT, OP.INVALID, OP.SELFDESTRUCT])

/**
 * Yields the instructions that can run, in the order of the code: operands of PUSH are skipped, and so is all that follows an instruction after
 * which nothing runs, up to the next JUMPDEST. `end`: where the code ends and the compiler's note begins. What a contract keeps as data may
 * hold a byte that looks like a JUMPDEST, so this can show too much, never too little.
 */
export function* instructions(code: Uint8Array, end = code.length): Generator<Instruction> {
  let runs = true
  for (let offset = 0; offset < end; offset++) {
    const opcode = code[offset]!
    if (opcode === OP.JUMPDEST) runs = true
    if (runs) yield { offset, opcode }
    if (ENDS.has(opcode)) runs = false
    offset += operandSize(opcode)
  }
}
