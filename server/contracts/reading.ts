import type { Answered, Found, FoundCode } from '../../streams/contracts/checks.ts'
import type { CodeFacts } from '../../streams/contracts/codeFacts.ts'
import { addressIn, OLD_SLOTS, PROXY_SLOTS, type ProxySlot } from '../../streams/contracts/proxy.ts'
import { type ChainNode, isRefusal } from '../feeds/evm/node.ts'

/** The questions that a contract is read with. */
export type ContractNode = Pick<ChainNode, 'newest' | 'code' | 'storage' | 'call'>

/** A contract's code by the hash of it. */
export interface HashedCode extends FoundCode {
  /** keccak256. */
  readonly hash: string
}

/** What was read of a contract, and when. */
export interface Reading extends Found {
  readonly codes: readonly HashedCode[]
  readonly block: number
  /** Of the block, ms. */
  readonly t: number
}

/** Computes what code says, or finds it computed. */
export type FactsOf = (hex: string) => Promise<{ readonly hash: string; readonly facts: CodeFacts }>

/** Codes that one leads to the next, at most: a proxy, its beacon's implementation, and what that is a copy of. */
const CODES_MAX = 4
/** `implementation()`, of a beacon. */
const IMPLEMENTATION = '0x5c60da1b'
const OWNER = '8da5cb5b'
const DECIMALS = '313ce567'
const WORD = /^0x[0-9a-f]{64}$/

/** Reads a contract, all of it as of the newest block, and through proxies. Rejects as the node does. */
export const readContract = async (node: ContractNode, address: string, factsOf: FactsOf): Promise<Reading> => {
  const { number: block, t } = await node.newest()
  const own = await node.code(address, block)
  if (own === '0x') return { codes: [], slots: undefined, why: {}, block, t }
  const { slots, why } = await slotsOf(node, address, block)
  const leads = new Leads(node, address, block, slots)
  const codes: HashedCode[] = [{ address, ...(await factsOf(own)) }]
  let missing: string | undefined
  for (let next = await leads.from(codes[0]!); next !== undefined; next = await leads.from(codes.at(-1)!)) {
    const code = codes.length < CODES_MAX ? await node.code(next.address, block) : undefined
    if (code === undefined || code === '0x') {
      missing =
        code === undefined ? `more than ${CODES_MAX} codes lead to each other` : `there is no code at ${next.address}, where calls are led`
      break
    }
    codes.push({ ...next, ...(await factsOf(code)) })
  }
  const has = (selector: string): boolean => codes.some(({ facts }) => facts.selectors.includes(selector))
  const answer = async (selector: string): Promise<Answered | undefined> =>
    has(selector) ? { word: wordOf(await node.call(address, `0x${selector}`, block)) } : undefined
  const [owner, decimals] = await Promise.all([answer(OWNER), answer(DECIMALS)])
  return {
    codes,
    slots,
    ...(owner && { owner }),
    ...(decimals && { decimals }),
    why: { ...why, ...(missing !== undefined && { code: missing }) },
    block,
    t,
  }
}

/** The word that a call returned: the first of what it gave. */
const wordOf = (answer: string | undefined): string | undefined => {
  const word = answer?.slice(0, 66)
  return word !== undefined && WORD.test(word) ? word : undefined
}

const slotsOf = async (node: ContractNode, address: string, block: number): Promise<Pick<Found, 'slots' | 'why'>> => {
  const names = Object.keys(PROXY_SLOTS) as ProxySlot[]
  try {
    const words = await Promise.all(names.map(async name => [name, await node.storage(address, PROXY_SLOTS[name], block)] as const))
    return { slots: Object.fromEntries(words) as Record<ProxySlot, string>, why: {} }
  } catch (error) {
    // A node may refuse to show storage; that it is away is another matter.
    if (!isRefusal(error)) throw error
    return { slots: undefined, why: { slots: 'the node does not show storage' } }
  }
}

/** Follows where code leads. All of it runs in the storage of the contract that is asked for, so its slots are read once. */
class Leads {
  private readonly node: ContractNode
  private readonly address: string
  private readonly block: number
  private readonly slots: Found['slots']
  private bySlot = false

  constructor(node: ContractNode, address: string, block: number, slots: Found['slots']) {
    this.node = node
    this.address = address
    this.block = block
    this.slots = slots
  }

  /** Returns where this code leads; undefined if it leads nowhere, or nobody can say where. */
  async from({ facts }: FoundCode): Promise<Pick<Required<FoundCode>, 'address' | 'via'> | undefined> {
    if (facts.pointer) return { address: facts.pointer.to, via: facts.pointer.kind }
    if (this.bySlot) return undefined
    this.bySlot = true
    const implementation = this.slots && addressIn(this.slots.implementation)
    if (implementation !== undefined) return { address: implementation, via: 'implementation' }
    const beacon = this.slots && addressIn(this.slots.beacon)
    if (beacon !== undefined) {
      const found = addressIn(wordOf(await this.node.call(beacon, IMPLEMENTATION, this.block)) ?? '')
      return found === undefined ? undefined : { address: found, via: 'beacon' }
    }
    return facts.forwards && this.slots ? this.byOldSlot() : undefined
  }

  private async byOldSlot(): Promise<Pick<Required<FoundCode>, 'address' | 'via'> | undefined> {
    for (const via of ['zeppelinos', 'eip1822'] as const) {
      const found = addressIn(await this.node.storage(this.address, OLD_SLOTS[via], this.block))
      if (found !== undefined) return { address: found, via }
    }
    return undefined
  }
}
