import { isAddress } from './chainSchema.ts'
import { UsageError } from './options.ts'
import type { Config } from './schema.ts'

/** A chain, its node, and who knows the sources of its contracts. */
export interface Chain {
  readonly name: string
  /** As EIP-155 has it. */
  readonly id: number
  /** http or https. Its path may be a key. */
  readonly node: string
  readonly contractsPerMinute: number
}

/** Reads the chains, with the addresses that the environment has. Throws UsageError: `file` is the configuration's. */
export const readChains = (
  chains: Config['chains'],
  environment: Readonly<Record<string, string | undefined>>,
  file: string,
): ReadonlyMap<string, Chain> =>
  new Map(
    Object.entries(chains).map(([name, { node, ...chain }]) => [
      name,
      { name, ...chain, node: addressOf(`${file}: chains.${name}.node`, node, environment) },
    ]),
  )

const addressOf = (where: string, node: string, environment: Readonly<Record<string, string | undefined>>): string => {
  if (!node.startsWith('$')) return node
  const address = environment[node.slice(1)] ?? ''
  if (address === '') throw new UsageError(`${where}: found no variable ${node.slice(1)}, expected the address of a node in it`)
  // The address itself may hold a key.
  if (!isAddress(address))
    throw new UsageError(
      `${where}: found no address in the variable ${node.slice(1)}, expected https://… or http://… without name and password`,
    )
  return address
}
