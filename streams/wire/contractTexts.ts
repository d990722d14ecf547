import type { ContractCode, Evidence } from './answers/contracts.ts'
import type { ContractCheck } from './contractChecks.ts'

/** The headings of the groups of checks, in order. */
export const CHECK_GROUPS: Readonly<Record<ContractCheck['group'], string>> = {
  proxy: 'Proxies',
  opcodes: 'Instructions',
  erc20: 'ERC-20',
  privileges: 'Privileges, by the names of functions',
  source: 'Source',
}

/** In words how the code before leads to a code. */
export const CODE_VIA: Readonly<Record<NonNullable<ContractCode['via']>, string>> = {
  implementation: 'implementation, by the slot of EIP-1967',
  beacon: 'implementation, by a beacon',
  eip1167: 'a copy of this',
  eip7702: 'delegated to this',
  zeppelinos: 'implementation, by the slot of zeppelinos',
  eip1822: 'implementation, by the slot of EIP-1822',
}

/** Returns an item of evidence in a few words: what, where, its value. */
export const evidenceText = ({ name, selector, value, offset, missing, slot, at }: Evidence, codes: readonly string[]): string => {
  const what = name ?? selector ?? ''
  const where = at !== undefined && codes.length > 1 && at !== codes[0] ? ` in ${short(at)}` : ''
  const place = offset === undefined ? '' : ` at byte ${offset}`
  if (missing) return slot === undefined ? `no ${what}` : `${what} is empty`
  const said = value === undefined ? '' : `${what && ' = '}${value.length > ADDRESS ? short(value) : value}`
  return `${what}${said}${place}${where}`.trim()
}

/** Characters of an address. Longer words are of no use to a reader. */
const ADDRESS = 42

const short = (word: string): string => `${word.slice(0, 6)}…${word.slice(-4)}`
