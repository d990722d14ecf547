import type { Check, Checks, ContractCode, Evidence } from '../wire/answers/contracts.ts'
import type { ContractCheckName } from '../wire/contractChecks.ts'
import type { CodeFacts, Suspect } from './codeFacts.ts'
import { ERC20_EVENTS, ERC20_FUNCTIONS, ERC20_OPTIONAL, ERC20_RETURNS } from './erc20.ts'
import { PRIVILEGES, type Privilege } from './functionNames.ts'
import { addressIn, PROXY_SLOTS, type ProxySlot } from './proxy.ts'

/** A code that a contract consists of. */
export interface FoundCode {
  readonly address: string
  /** How the one before leads here. */
  readonly via?: NonNullable<ContractCode['via']>
  readonly facts: CodeFacts
}

/** What was read of a contract, at one block. What is undefined could not be read, and `why` says why. */
export interface Found {
  /** The contract's own code, and those it leads to, in order. */
  readonly codes: readonly FoundCode[]
  /** The words in its storage. */
  readonly slots: Readonly<Record<ProxySlot, string>> | undefined
  /** What `owner()` answered; undefined if there is no such function. */
  readonly owner?: Answered
  /** What `decimals()` answered; undefined if there is no such function. */
  readonly decimals?: Answered
  /** The word of a block explorer. */
  readonly explorer?: { readonly verified: boolean; readonly name?: string; readonly compiler?: string }
  readonly why: Readonly<Partial<Record<'slots' | 'code' | 'explorer', string>>>
}

/** The word that a call returned; undefined if it returned none. */
export type Answered = { readonly word: string | undefined }

const yes = (...evidence: readonly Evidence[]): Check => ({ answer: 'yes', evidence })
const no = (...evidence: readonly Evidence[]): Check => ({ answer: 'no', evidence })
const unknown = (why: string, ...evidence: readonly Evidence[]): Check => ({ answer: 'unknown', evidence, why })

/** Returns the answer of every check. Of an address without code there is nothing to ask. */
export const checksOf = (found: Found): Checks => {
  const { codes } = found
  if (codes.length === 0) return {}
  const all = new Functions(found)
  const checks: Record<ContractCheckName, Check> = {
    'proxy.eip1967': slotCheck(found),
    'proxy.eip1167': pointerCheck(found, 'eip1167'),
    'proxy.eip7702': pointerCheck(found, 'eip7702'),
    'proxy.uups': all.has('52d1902d', 'proxiableUUID()'),
    'proxy.diamond': all.has('7a0ed627', 'facets()'),
    'proxy.forwards': forwardCheck(found),
    'opcode.SELFDESTRUCT': opcodeCheck(found, 'SELFDESTRUCT', all.lacking),
    'opcode.DELEGATECALL': opcodeCheck(found, 'DELEGATECALL', all.lacking),
    'opcode.CALLCODE': opcodeCheck(found, 'CALLCODE', all.lacking),
    'erc20.functions': all.haveAll(ERC20_FUNCTIONS),
    'erc20.events': eventCheck(found, all.lacking),
    'erc20.returns': returnCheck(found, all),
    'erc20.decimals': decimalsCheck(found, all),
    'erc20.names': all.haveAll({ '06fdde03': ERC20_OPTIONAL['06fdde03']!, '95d89b41': ERC20_OPTIONAL['95d89b41']! }),
    'privilege.owner': all.named('owner'),
    'owner.renounced': renouncedCheck(found),
    'privilege.roles': all.named('roles'),
    'privilege.mint': all.named('mint'),
    'privilege.pause': all.named('pause'),
    'privilege.blacklist': all.named('blacklist'),
    'privilege.fees': all.named('fees'),
    'privilege.limits': all.named('limits'),
    'privilege.upgrade': all.named('upgrade'),
    'source.verified': verifiedCheck(found),
    'source.note': noteCheck(found),
  }
  return checks
}

/** The functions of all codes of a contract. */
class Functions {
  /** Why functions may be missing; undefined if none can be. */
  readonly lacking: string | undefined
  private readonly at = new Map<string, string>()

  constructor({ codes, why }: Found) {
    for (const { address, facts } of codes) for (const selector of facts.selectors) this.at.set(selector, address)
    const last = codes.at(-1)!
    if (last.facts.forwards || last.facts.pointer !== undefined) this.lacking = why.code ?? 'the code leads to other code that is not known'
    else if (codes.some(({ facts }) => !facts.complete)) this.lacking = 'not all ways through the code could be followed'
  }

  has(selector: string, name: string): Check {
    const at = this.at.get(selector)
    if (at !== undefined) return yes({ at, selector: `0x${selector}`, name })
    return this.lacking === undefined ? no({ selector: `0x${selector}`, name, missing: true }) : unknown(this.lacking)
  }

  haveAll(functions: Readonly<Record<string, string>>): Check {
    const answers = Object.entries(functions).map(([selector, name]) => this.has(selector, name))
    const missing = answers.filter(({ answer }) => answer !== 'yes')
    if (missing.length === 0) return yes(...answers.flatMap(({ evidence }) => evidence))
    return missing.every(({ answer }) => answer === 'no') ? no(...missing.flatMap(({ evidence }) => evidence)) : unknown(this.lacking!)
  }

  /** By names, so it can say yes, and never no. */
  named(privilege: Privilege): Check {
    const evidence = Object.entries(PRIVILEGES[privilege]).flatMap(([selector, name]) => {
      const at = this.at.get(selector)
      return at === undefined ? [] : [{ at, selector: `0x${selector}`, name }]
    })
    return evidence.length > 0 ? yes(...evidence) : unknown('no function of a known name; another name may do it')
  }
}

const slotCheck = ({ codes, slots, why }: Found): Check => {
  if (slots === undefined) return unknown(why.slots ?? 'the storage could not be read')
  const set = Object.entries(slots).filter(([, word]) => BigInt(word) !== 0n)
  const evidence = set.map(([name, word]) => ({
    at: codes[0]!.address,
    slot: PROXY_SLOTS[name as ProxySlot],
    name,
    value: addressIn(word) ?? word,
  }))
  return set.length > 0
    ? yes(...evidence)
    : no(...Object.entries(PROXY_SLOTS).map(([name, slot]) => ({ slot, name, missing: true as const })))
}

const pointerCheck = ({ codes }: Found, kind: 'eip1167' | 'eip7702'): Check => {
  const found = codes.find(({ facts }) => facts.pointer?.kind === kind)
  return found ? yes({ at: found.address, offset: 0, value: found.facts.pointer!.to }) : no()
}

const forwardCheck = ({ codes }: Found): Check => {
  const found = codes.find(({ facts }) => facts.forwards)
  if (found) return yes({ at: found.address, name: 'DELEGATECALL', ...offsetOf(found, 'DELEGATECALL') })
  const unsure = codes.some(({ facts }) => !facts.complete && facts.opcodes.DELEGATECALL !== undefined)
  return unsure ? unknown('not all ways through the code could be followed') : no()
}

const offsetOf = ({ facts }: FoundCode, opcode: Suspect): { offset?: number } => {
  const offset = facts.opcodes[opcode]
  return offset === undefined ? {} : { offset }
}

const opcodeCheck = ({ codes }: Found, opcode: Suspect, lacking: string | undefined): Check => {
  const evidence = codes
    .filter(({ facts }) => facts.opcodes[opcode] !== undefined)
    .map(code => ({ at: code.address, ...offsetOf(code, opcode) }))
  if (evidence.length > 0) return yes(...evidence)
  // What the code itself says needs no way through it; what it leads to does.
  const elsewhere = codes.at(-1)!.facts.forwards || codes.at(-1)!.facts.pointer !== undefined
  return elsewhere ? unknown(lacking!) : no()
}

const eventCheck = ({ codes }: Found, lacking: string | undefined): Check => {
  const evidence = ERC20_EVENTS.map(({ topic, signature }) => {
    const at = codes.find(({ facts }) => facts.topics.includes(topic))?.address
    return at === undefined ? { name: signature, value: topic, missing: true as const } : { at, name: signature, value: topic }
  })
  const missing = evidence.filter(item => 'missing' in item)
  if (missing.length === 0) return yes(...evidence)
  return lacking === undefined ? no(...missing) : unknown(lacking)
}

const returnCheck = ({ codes }: Found, all: Functions): Check => {
  const found = Object.keys(ERC20_RETURNS).map(selector => {
    const code = codes.findLast(({ facts }) => facts.selectors.includes(selector))
    const size = code?.facts.returns[selector]
    return { code, size, evidence: evidenceOf(selector, code?.address, size) }
  })
  const wrong = found.filter(({ size }) => size !== undefined && size !== 32)
  if (wrong.length > 0) return no(...wrong.map(({ evidence }) => evidence))
  if (found.every(({ size }) => size === 32)) return yes(...found.map(({ evidence }) => evidence))
  if (found.some(({ code }) => code === undefined)) return unknown(all.lacking ?? 'not all three functions are there')
  return unknown('what they return could not be followed', ...found.map(({ evidence }) => evidence))
}

const evidenceOf = (selector: string, at: string | undefined, size: number | undefined): Evidence => ({
  ...(at !== undefined && { at }),
  selector: `0x${selector}`,
  name: ERC20_FUNCTIONS[selector]!,
  value: size === undefined ? 'unknown' : size === 0 ? 'nothing' : `${size} bytes`,
})

const decimalsCheck = ({ codes, decimals }: Found, all: Functions): Check => {
  const there = all.has('313ce567', ERC20_OPTIONAL['313ce567']!)
  if (there.answer !== 'yes') return there
  const at = codes[0]!.address
  if (decimals?.word === undefined) return unknown('decimals() gave no answer', ...there.evidence)
  const value = BigInt(decimals.word)
  const evidence = { at, selector: '0x313ce567', name: 'decimals()', value: value.toString() }
  return value < 256n ? yes(evidence) : no(evidence)
}

const renouncedCheck = ({ codes, owner }: Found): Check => {
  if (owner === undefined) return unknown('there is no function owner()')
  if (owner.word === undefined) return unknown('owner() gave no answer')
  const evidence = { at: codes[0]!.address, selector: '0x8da5cb5b', name: 'owner()', value: addressIn(owner.word) ?? owner.word }
  return BigInt(owner.word) === 0n ? yes(evidence) : no(evidence)
}

const verifiedCheck = ({ explorer, why }: Found): Check => {
  if (explorer === undefined) return unknown(why.explorer ?? 'no explorer was asked')
  const name = [explorer.name, explorer.compiler].filter(Boolean).join(', ')
  return explorer.verified ? yes(name === '' ? {} : { name }) : no()
}

const noteCheck = ({ codes }: Found): Check => {
  const evidence = codes.flatMap(({ address, facts: { compiler } }) => (compiler === undefined ? [] : [{ at: address, name: compiler }]))
  return evidence.length > 0 ? yes(...evidence) : no()
}
