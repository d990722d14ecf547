/** A question that is asked of every contract. */
export interface ContractCheck {
  readonly group: 'proxy' | 'opcodes' | 'erc20' | 'privileges' | 'source'
  readonly title: string
  /** `yes` is worth knowing before one relies on the contract: somebody can change something, or something can end. */
  readonly concern?: true
}

/** All checks, in the order in which they are shown. */
export const CONTRACT_CHECKS = {
  'proxy.eip1967': { group: 'proxy', title: 'proxy whose code can be replaced (EIP-1967)', concern: true },
  'proxy.eip1167': { group: 'proxy', title: 'minimal proxy, fixed (EIP-1167)' },
  'proxy.eip7702': { group: 'proxy', title: 'account that has delegated to a contract (EIP-7702)', concern: true },
  'proxy.uups': { group: 'proxy', title: 'made to be replaced by itself (UUPS)', concern: true },
  'proxy.diamond': { group: 'proxy', title: 'put together of parts (diamond)', concern: true },
  'proxy.forwards': { group: 'proxy', title: 'gives calls that it does not know to other code', concern: true },
  'opcode.SELFDESTRUCT': { group: 'opcodes', title: 'SELFDESTRUCT in the code', concern: true },
  'opcode.DELEGATECALL': { group: 'opcodes', title: 'DELEGATECALL in the code', concern: true },
  'opcode.CALLCODE': { group: 'opcodes', title: 'CALLCODE in the code', concern: true },
  'erc20.functions': { group: 'erc20', title: 'the six functions of ERC-20' },
  'erc20.events': { group: 'erc20', title: 'the two events of ERC-20' },
  'erc20.returns': { group: 'erc20', title: 'transfer, transferFrom and approve return a bool' },
  'erc20.decimals': { group: 'erc20', title: 'decimals() answers a uint8' },
  'erc20.names': { group: 'erc20', title: 'name() and symbol()' },
  'privilege.owner': { group: 'privileges', title: 'an owner', concern: true },
  'owner.renounced': { group: 'privileges', title: 'the owner is nobody' },
  'privilege.roles': { group: 'privileges', title: 'roles', concern: true },
  'privilege.mint': { group: 'privileges', title: 'minting', concern: true },
  'privilege.pause': { group: 'privileges', title: 'pausing', concern: true },
  'privilege.blacklist': { group: 'privileges', title: 'blacklists', concern: true },
  'privilege.fees': { group: 'privileges', title: 'fees that can be set', concern: true },
  'privilege.limits': { group: 'privileges', title: 'limits on trading', concern: true },
  'privilege.upgrade': { group: 'privileges', title: 'upgrades', concern: true },
  'source.verified': { group: 'source', title: 'source verified by a block explorer' },
  'source.note': { group: 'source', title: 'compiler named behind the code' },
} as const satisfies Readonly<Record<string, ContractCheck>>

/** The name of a check. */
export type ContractCheckName = keyof typeof CONTRACT_CHECKS

/** The names of all checks. */
export const CONTRACT_CHECK_NAMES = Object.keys(CONTRACT_CHECKS) as readonly ContractCheckName[]

/** Returns the checks whose answer one should know of before one relies on the contract. None of them found is no proof that there is none. */
export const concernsOf = (
  checks: Readonly<Partial<Record<ContractCheckName, { readonly answer: string } | undefined>>>,
): ContractCheckName[] => CONTRACT_CHECK_NAMES.filter(name => 'concern' in CONTRACT_CHECKS[name] && checks[name]?.answer === 'yes')
