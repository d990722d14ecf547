import type { Contract } from '../../streams/wire/answers/contracts.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { isAddress } from '../config/chainSchema.ts'
import { UsageError } from '../config/options.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import type { CommandContext } from './command.ts'
import { operatorsServer, ServerError, type ServerOptions } from './server.ts'
import { say, saying } from './terminal/say.ts'
import { paintFor } from './terminal/style.ts'
import { contractText } from './views/contract.ts'

interface ContractOptions extends ServerOptions {
  readonly chain?: string
  readonly node?: string
  readonly json?: boolean
}

/** ms that a server may take: a node has twenty seconds, behind others that wait. */
const ANSWER_MS = 60_000

/** Runs `contract ADDRESS`: prints what the code of a contract says, asked of a server or of a node. Throws UsageError. */
export const contract = async (address: string, options: ContractOptions, { environment, columns }: CommandContext): Promise<undefined> => {
  const { chain = 'ethereum', node, json } = options
  const found = node === undefined ? await ofServer(chain, address, options, environment) : await ofNode(chain, address, node)
  const width = process.stdout.isTTY ? columns : Number.POSITIVE_INFINITY
  await saying(() => say(`${json ? JSON.stringify(found) : contractText(found, width, paintFor(process.stdout))}\n`))
  return undefined
}

const ofServer = async (
  chain: string,
  address: string,
  options: ServerOptions,
  environment: CommandContext['environment'],
): Promise<Contract> => {
  const server = await operatorsServer(options, environment)
  return server.once<Contract>(`/v1/contracts/${encodeURIComponent(chain)}/${encodeURIComponent(address)}`, ANSWER_MS)
}

const ofNode = async (chain: string, address: string, node: string): Promise<Contract> => {
  if (!isAddress(node)) throw new UsageError(`--node: found "${node}", expected https://… or http://…`)
  const { addressOf } = await import('../contracts/address.ts')
  const { ChainContracts } = await import('../contracts/chainContracts.ts')
  const { CodeCache } = await import('../contracts/codeCache.ts')
  const asked = { name: chain, id: 1, node, contractsPerMinute: 1 }
  const contracts = new ChainContracts({ chain: asked, explorer: undefined, codes: new CodeCache(), environment: systemEnvironment })
  try {
    return await contracts.read(addressOf(address))
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw error.code === 'invalid_params' ? new UsageError(error.message) : new ServerError(error.message)
  }
}
