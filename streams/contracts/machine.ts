import { binary, isBinary, isZero, not } from './arithmetic.ts'
import { OP, operandSize } from './bytecode.ts'
import { Memory } from './memory.ts'
import { CALL_WORD, keyOf, SELECTOR, UNKNOWN, type Value } from './value.ts'

/** A run through the code, as far as it has come. */
export class Run {
  pc: number
  readonly stack: Value[]
  readonly memory: Memory
  /** Another contract was called, so there may be data that it returned. */
  called: boolean

  constructor(from?: Run, pc = 0) {
    this.pc = pc
    this.stack = from ? [...from.stack] : []
    this.memory = new Memory(from?.memory)
    this.called = from?.called ?? false
  }

  /** Takes the top of the stack. Throws StackError if there is none. */
  pop(): Value {
    const value = this.stack.pop()
    if (value === undefined) throw new StackError()
    return value
  }

  /** Returns a text that is the same for runs that go on in the same way, as far as is known. */
  key(): string {
    return `${this.pc}|${this.stack.map(keyOf).join()}|${this.memory.key()}`
  }
}

/** The code uses more of the stack than there is: here the machine stops the call. */
export class StackError extends Error {}

const STACK_MAX = 1_024

/** The call that is tried. */
export interface Call {
  /** Bytes of its data; undefined: any. */
  readonly size?: number
}

/** How many operands an opcode takes, and how many unknown values it leaves. */
const OTHERS: ReadonlyMap<number, readonly [takes: number, leaves: number]> = new Map(
  [
    { takes: 0, leaves: 1, opcodes: [0x30, 0x32, 0x33, 0x3a, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x59, 0x5a] },
    { takes: 1, leaves: 1, opcodes: [0x1e, 0x31, 0x3b, 0x3f, 0x40, 0x49, 0x54, 0x5c] },
    { takes: 1, leaves: 0, opcodes: [0x50] },
    { takes: 2, leaves: 1, opcodes: [0x05, 0x07, 0x0b, 0x1d, 0x20] },
    { takes: 2, leaves: 0, opcodes: [0x55, 0x5d, 0xa0] },
    { takes: 3, leaves: 1, opcodes: [0x08, 0x09, 0xf0] },
    { takes: 3, leaves: 0, opcodes: [0xa1] },
    { takes: 4, leaves: 1, opcodes: [0xf5] },
    { takes: 4, leaves: 0, opcodes: [0xa2] },
    { takes: 5, leaves: 0, opcodes: [0xa3] },
    { takes: 6, leaves: 0, opcodes: [0xa4] },
  ].flatMap(({ takes, leaves, opcodes }) => opcodes.map(opcode => [opcode, [takes, leaves]] as const)),
)

/** Operands of the calls of other contracts. The last two are where the answer goes. */
const CALLS: ReadonlyMap<number, number> = new Map([
  [0xf1, 7],
  [OP.CALLCODE, 7],
  [OP.DELEGATECALL, 6],
  [0xfa, 6],
])

/**
 * Does one instruction that neither jumps nor ends, and goes on to the next. Returns false if there is no such opcode. Throws StackError.
 * (Yellow paper, appendix H; storage, other contracts and the block are unknown.)
 */
export const step = (run: Run, code: Uint8Array, call: Call): boolean => {
  const opcode = code[run.pc]!
  const { stack } = run
  if (opcode >= OP.PUSH0 && opcode <= OP.PUSH32) stack.push(operandOf(code, run.pc))
  else if (opcode >= 0x80 && opcode <= 0x8f) duplicate(stack, opcode - 0x7f)
  else if (opcode >= 0x90 && opcode <= 0x9f) swap(stack, opcode - 0x8f)
  else if (isBinary(opcode)) stack.push(binary(opcode, run.pop(), run.pop()))
  else if (CALLS.has(opcode)) callOther(run, CALLS.get(opcode)!)
  else {
    const other = OTHERS.get(opcode)
    if (other === undefined) {
      if (!special(run, opcode, code, call)) return false
    } else {
      for (let i = 0; i < other[0]; i++) run.pop()
      if (other[1] > 0) stack.push(UNKNOWN)
    }
  }
  if (stack.length > STACK_MAX) throw new StackError()
  run.pc += 1 + operandSize(opcode)
  return true
}

const operandOf = (code: Uint8Array, pc: number): bigint => {
  let value = 0n
  const size = operandSize(code[pc]!)
  for (let i = 1; i <= size; i++) value = (value << 8n) | BigInt(code[pc + i] ?? 0)
  return value
}

const duplicate = (stack: Value[], depth: number): void => {
  const value = stack[stack.length - depth]
  if (value === undefined) throw new StackError()
  stack.push(value)
}

const swap = (stack: Value[], depth: number): void => {
  const [top, other] = [stack.length - 1, stack.length - 1 - depth]
  if (other < 0) throw new StackError()
  ;[stack[top], stack[other]] = [stack[other]!, stack[top]!]
}

const callOther = (run: Run, operands: number): void => {
  for (let i = 0; i < operands - 2; i++) run.pop()
  run.memory.copy(run.pop(), run.pop())
  run.called = true
  run.stack.push(UNKNOWN)
}

/** Does the opcodes of which something is known. Returns false for any other. */
const special = (run: Run, opcode: number, code: Uint8Array, call: Call): boolean => {
  const { stack, memory } = run
  switch (opcode) {
    case 0x15:
      stack.push(isZero(run.pop()))
      return true
    case 0x19:
      stack.push(not(run.pop()))
      return true
    // A call without value.
    case 0x34:
      stack.push(0n)
      return true
    case 0x35:
      stack.push(run.pop() === 0n ? CALL_WORD : UNKNOWN)
      return true
    case 0x36:
      stack.push(call.size === undefined ? UNKNOWN : BigInt(call.size))
      return true
    case 0x38:
      stack.push(BigInt(code.length))
      return true
    case 0x3d:
      stack.push(run.called ? UNKNOWN : 0n)
      return true
    case 0x51:
      stack.push(memory.load(run.pop()))
      return true
    case 0x52:
      memory.store(run.pop(), run.pop())
      return true
    case 0x58:
      stack.push(BigInt(run.pc))
      return true
    case OP.JUMPDEST:
      return true
    default:
      return copies(run, opcode, code)
  }
}

/** Does the opcodes that copy into memory. Returns false for any other. */
const copies = (run: Run, opcode: number, code: Uint8Array): boolean => {
  const { memory } = run
  if (opcode === 0x53) {
    const [at, value] = [run.pop(), run.pop()]
    memory.copy(at, 1n, typeof value === 'bigint' ? Uint8Array.of(Number(value & 0xffn)) : undefined)
    return true
  }
  if (opcode === 0x3c) run.pop()
  else if (![0x37, 0x39, 0x3e, 0x5e].includes(opcode)) return false
  const [to, from, size] = [run.pop(), run.pop(), run.pop()]
  const known = opcode === 0x39 && typeof from === 'bigint' && typeof size === 'bigint' && size <= 1_024n
  memory.copy(to, size, known ? code.subarray(Number(from), Number(from + size)) : undefined)
  // Old Vyper copies the selector to the end of the first word.
  if (opcode === 0x37 && to === 28n && from === 0n && size === 4n) memory.store(0n, SELECTOR)
  return true
}
