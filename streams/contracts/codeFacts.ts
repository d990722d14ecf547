import { codeOf, instructions, OP } from './bytecode.ts'
import { compilerNote } from './compilerNote.ts'
import { ERC20_EVENTS, ERC20_RETURNS } from './erc20.ts'
import { atOnce, exploring } from './explore.ts'
import { type Pointer, pointerOf } from './proxy.ts'

/** An opcode that is looked for. */
export type Suspect = 'SELFDESTRUCT' | 'DELEGATECALL' | 'CALLCODE'

const SUSPECTS: ReadonlyMap<number, Suspect> = new Map(
  (['SELFDESTRUCT', 'DELEGATECALL', 'CALLCODE'] as const).map(name => [OP[name], name]),
)

/** What the code of a contract says by itself. It depends on nothing else, so it is computed once for each code. */
export interface CodeFacts {
  /** Bytes. */
  readonly size: number
  /** As the compiler's note has it, such as `solc 0.8.19`. */
  readonly compiler: string | undefined
  /** Code that only says where other code is. */
  readonly pointer: Pointer | undefined
  /** Selectors of its functions, eight digits each, sorted. */
  readonly selectors: readonly string[]
  /** No function can be missing among the selectors. */
  readonly complete: boolean
  /** A call of a function that it does not have runs code of another contract. */
  readonly forwards: boolean
  /** Where each of the opcodes stands first. */
  readonly opcodes: Readonly<Partial<Record<Suspect, number>>>
  /** Bytes that functions of ERC-20 return, by selector; undefined if that depends, or could not be found. */
  readonly returns: Readonly<Record<string, number | undefined>>
  /** Topics of the events of ERC-20 that the code has. */
  readonly topics: readonly string[]
}

/** Computes what code says by itself. Throws if it is no code, or longer than CODE_MAX. */
export const codeFacts = (hex: string): CodeFacts => atOnce(computingFacts(hex))

/** Does the same, and yields whenever it has worked for some time. */
export function* computingFacts(hex: string): Generator<void, CodeFacts> {
  const code = codeOf(hex)
  const note = compilerNote(code)
  const pointer = pointerOf(code)
  const { selectors, complete, delegates } = yield* exploring(code, {})
  const known = [...selectors.keys()].map(selector => selector.toString(16).padStart(8, '0')).sort()
  const { opcodes, topics } = read(code, note?.offset)
  const returns: Record<string, number | undefined> = {}
  for (const [selector, { words }] of Object.entries(ERC20_RETURNS))
    if (known.includes(selector)) returns[selector] = yield* returnedBy(code, selector, words)
  return {
    size: code.length,
    compiler: note?.compiler,
    pointer,
    selectors: known,
    complete,
    forwards: delegates && pointer === undefined,
    opcodes: pointer === undefined ? opcodes : {},
    returns,
    topics,
  }
}

function* returnedBy(code: Uint8Array, selector: string, words: number): Generator<void, number | undefined> {
  const { ends, complete } = yield* exploring(code, { selector: Number.parseInt(selector, 16), size: 4 + 32 * words })
  const sizes = new Set(ends.map(({ size }) => size))
  return complete && sizes.size === 1 ? [...sizes][0] : undefined
}

const read = (code: Uint8Array, end: number | undefined): Pick<CodeFacts, 'opcodes' | 'topics'> => {
  const opcodes: Partial<Record<Suspect, number>> = {}
  const topics = new Set<string>()
  for (const { offset, opcode } of instructions(code, end)) {
    const suspect = SUSPECTS.get(opcode)
    if (suspect !== undefined) opcodes[suspect] ??= offset
    if (opcode !== OP.PUSH32) continue
    const topic = ERC20_EVENTS.find(({ bytes }) => bytes.every((byte, i) => code[offset + 1 + i] === byte))
    if (topic) topics.add(topic.topic)
  }
  return { opcodes, topics: [...topics] }
}
