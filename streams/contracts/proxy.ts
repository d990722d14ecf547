import { hexOf } from './bytecode.ts'

/** A storage slot of EIP-1967: keccak256 of `eip1967.proxy.` and its name, less 1. */
export type ProxySlot = 'implementation' | 'admin' | 'beacon'

/** The slots of EIP-1967. */
export const PROXY_SLOTS: Readonly<Record<ProxySlot, string>> = {
  implementation: '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc',
  admin: '0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103',
  beacon: '0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50',
}

/** Slots of implementations from before EIP-1967, hashes of a name: of zeppelinos, and of EIP-1822. */
export const OLD_SLOTS = {
  zeppelinos: '0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3',
  eip1822: '0xc5f16f0fcc639fa48a6947836d9850f504798523bf8c9a3a87d5876cf622bcf7',
} as const

const MINIMAL = /^0x363d3d373d3d3d363d73([0-9a-f]{40})5af43d82803e903d91602b57fd5bf3$/
const DELEGATION = /^0xef0100([0-9a-f]{40})$/

/** Code that says nothing but where other code is. */
export interface Pointer {
  /** A minimal proxy (EIP-1167), or an account that has delegated to a contract (EIP-7702). */
  readonly kind: 'eip1167' | 'eip7702'
  readonly to: string
}

/** Returns where code points that does nothing else; undefined if it is other code. */
export const pointerOf = (code: Uint8Array): Pointer | undefined => {
  if (code.length > 45) return undefined
  const hex = hexOf(code)
  const [minimal, delegation] = [MINIMAL.exec(hex)?.[1], DELEGATION.exec(hex)?.[1]]
  if (minimal !== undefined) return { kind: 'eip1167', to: `0x${minimal}` }
  return delegation === undefined ? undefined : { kind: 'eip7702', to: `0x${delegation}` }
}

/** Returns the address in a storage slot, in its lower 20 bytes; undefined if the slot is empty or holds something larger. */
export const addressIn = (word: string): string | undefined => {
  const digits = /^0x0{24}([0-9a-f]{40})$/i.exec(word)?.[1]?.toLowerCase()
  return digits === undefined || /^0+$/.test(digits) ? undefined : `0x${digits}`
}
