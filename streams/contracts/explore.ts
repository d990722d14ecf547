import { OP } from './bytecode.ts'
import { Run, StackError, step } from './machine.ts'
import { SELECTOR, UNKNOWN, type Value } from './value.ts'

/** Where a call may end without being reverted. */
export interface End {
  readonly offset: number
  /** Bytes that it returns; undefined if they could not be counted. */
  readonly size: number | undefined
}

/** What was found on all ways through the code. */
export interface Explored {
  /** The selectors that the call's was compared with, and where the code goes on for each. */
  readonly selectors: ReadonlyMap<number, number>
  readonly ends: readonly End[]
  /** Code of another contract may run in the place of this one's. */
  readonly delegates: boolean
  /** No way was left out: every jump goes to a known place, and the work was within its bound. */
  readonly complete: boolean
}

/** What is tried. */
export interface Wanted {
  /** The selector of the call; undefined: any, and what is behind a comparison that holds is not looked at. */
  readonly selector?: number
  /** Bytes of the call's data; undefined: any. */
  readonly size?: number
}

/** Work of one exploration: an instruction costs 1, and more if it has to look at more. Some 50 ms. */
const WORK_MAX = 100_000
/** Work between two rests, of some 2 ms, also where the code is slow to look at. */
const WORK_AT_ONCE = 2_000
/** So often numbers that change are counted on, at one place: longer loops are not followed turn by turn. */
const VISITS_MAX = 16
/** Remainders of which each is tried. Vyper's tables have fewer buckets. */
const REMAINDERS_MAX = 512

/**
 * Runs the code on every way that a call can take. Numbers are computed as the machine does; what is not known is a condition of which both sides
 * are gone. Ways that meet with the same knowledge go on as one. Yields whenever it has worked for some time, so that others may.
 */
export function* exploring(code: Uint8Array, wanted: Wanted): Generator<void, Explored> {
  return yield* new Exploration(code, wanted).run()
}

/** Does the same without a rest. */
export const explore = (code: Uint8Array, wanted: Wanted): Explored => atOnce(exploring(code, wanted))

/** Runs a work that rests without letting others work. */
export const atOnce = <T>(work: Generator<void, T>): T => {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

class Exploration {
  private readonly code: Uint8Array
  private readonly wanted: Wanted
  private readonly open: Run[] = [new Run()]
  private readonly seen = new Set<string>()
  /** How often the code came to a place, and with what the last time. */
  private readonly visits = new Map<number, { times: number; stack: readonly Value[] }>()
  private readonly selectors = new Map<number, number>()
  private readonly endings = new Map<string, End>()
  private delegates = false
  private complete = true
  private work = 0
  private restAt = WORK_AT_ONCE

  constructor(code: Uint8Array, wanted: Wanted) {
    this.code = code
    this.wanted = wanted
  }

  *run(): Generator<void, Explored> {
    for (let run = this.open.pop(); run !== undefined; run = this.open.pop()) {
      if (this.work > WORK_MAX) {
        this.complete = false
        break
      }
      try {
        this.follow(run)
      } catch (error) {
        if (!(error instanceof StackError)) throw error
      }
      if (this.work < this.restAt) continue
      this.restAt = this.work + WORK_AT_ONCE
      yield
    }
    return { selectors: this.selectors, ends: [...this.endings.values()], delegates: this.delegates, complete: this.complete }
  }

  /** Follows one way until it ends, forks, meets another, or has to rest. */
  private follow(run: Run): void {
    const { code } = this
    while (run.pc < code.length && this.work <= WORK_MAX) {
      const opcode = code[run.pc]!
      this.work += opcode === MLOAD || opcode === MSTORE ? 8 + (run.memory.size >> 3) : (COSTS.get(opcode) ?? 1)
      if (opcode === OP.JUMP ? !this.jump(run, run.pop()) : this.ends(run, opcode)) return
      if (this.work >= this.restAt && this.work <= WORK_MAX) {
        this.open.push(run)
        return
      }
    }
    if (run.pc >= code.length) this.end(code.length, 0n)
    else this.complete = false
  }

  /** Does an instruction that does not jump. Returns true if this way ends here, or goes on as others. */
  private ends(run: Run, opcode: number): boolean {
    switch (opcode) {
      case JUMPI:
        this.fork(run)
        return true
      case OP.RETURN:
        run.pop()
        this.end(run.pc, run.pop())
        return true
      case OP.STOP:
      case OP.SELFDESTRUCT:
        this.end(run.pc, 0n)
        return true
      case OP.REVERT:
        return true
      default:
        if (opcode === OP.DELEGATECALL) this.delegates = true
        return !step(run, this.code, this.wanted) || this.known(run)
    }
  }

  /**
   * Puts the number in the place of what is known of the selector, if one is tried. If none is, a remainder of it is tried with each number
   * that it can be: returns true if so, and the way goes on as these.
   */
  private known(run: Run): boolean {
    const { stack } = run
    const top = stack.at(-1)
    if (top === undefined || typeof top === 'bigint') return false
    const { selector } = this.wanted
    if (selector !== undefined) stack[stack.length - 1] = numberOf(top, BigInt(selector))
    else if (typeof top === 'object' && 'by' in top) return this.each(run, Number(top.by))
    return false
  }

  private each(run: Run, by: number): boolean {
    run.pop()
    if (by > REMAINDERS_MAX) {
      run.stack.push(UNKNOWN)
      return false
    }
    this.work += 8 * by
    for (let remainder = 0; remainder < by; remainder++) {
      const tried = new Run(run, run.pc)
      tried.stack.push(BigInt(remainder))
      this.open.push(tried)
    }
    return true
  }

  private end(offset: number, size: Value): void {
    const bytes = typeof size === 'bigint' && size <= 0xffffffffn ? Number(size) : undefined
    this.endings.set(`${offset} ${bytes}`, { offset, size: bytes })
  }

  /** Goes to a place. Returns false if this way ends here. */
  private jump(run: Run, to: Value): boolean {
    if (typeof to !== 'bigint') {
      this.complete = false
      return false
    }
    if (this.code[Number(to)] !== OP.JUMPDEST) return false
    run.pc = Number(to)
    this.work += 4 + (run.stack.length >> 2) + run.memory.size
    this.widen(run)
    const key = run.key()
    if (this.seen.has(key)) return false
    this.seen.add(key)
    return true
  }

  /** Forgets the numbers that changed since the last time that the code came here, if it has come often: they count a loop. */
  private widen(run: Run): void {
    const visits = this.visits.get(run.pc) ?? { times: 0, stack: [] }
    const { stack } = run
    visits.times += 1
    if (visits.times > VISITS_MAX && visits.stack.length === stack.length)
      for (const [i, last] of visits.stack.entries()) if (last !== stack[i] && !this.isPlace(stack[i]!)) stack[i] = UNKNOWN
    visits.stack = [...stack]
    this.visits.set(run.pc, visits)
  }

  private isPlace(value: Value): boolean {
    return typeof value === 'bigint' && this.code[Number(value)] === OP.JUMPDEST
  }

  private fork(run: Run): void {
    const [to, condition] = [run.pop(), run.pop()]
    const next = run.pc + 1
    this.work += 20 + (run.stack.length >> 4) + (run.memory.size >> 1)
    if (typeof condition === 'bigint') {
      if (condition === 0n) run.pc = next
      else if (!this.jump(run, to)) return
      this.open.push(run)
      return
    }
    const test = typeof condition === 'object' && 'selector' in condition ? condition : undefined
    if (test) this.selectors.set(Number(test.selector), test.is ? Number(typeof to === 'bigint' ? to : next) : next)
    if (test?.is !== true) {
      const jumped = new Run(run, run.pc)
      if (this.jump(jumped, to)) this.open.push(jumped)
    }
    if (test?.is !== false) {
      run.pc = next
      this.open.push(run)
    }
  }
}

const [MLOAD, MSTORE, JUMPI] = [0x51, 0x52, 0x57]

/** Work of instructions on numbers of 256 bits, and on memory. */
const COSTS: ReadonlyMap<number, number> = new Map([
  [0x0a, 64],
  [0x37, 32],
  [0x39, 32],
  [0x3c, 32],
  [0x3e, 32],
  [0x5e, 32],
])

/** Returns the value for this selector. */
const numberOf = (value: Value, selector: bigint): Value => {
  if (value === SELECTOR) return selector
  if (typeof value !== 'object') return value
  if ('by' in value) return selector % value.by
  return (value.selector === selector) === value.is ? 1n : 0n
}
