import { checksOf } from '../../streams/contracts/checks.ts'
import type { Contract } from '../../streams/wire/answers/contracts.ts'
import { concernsOf } from '../../streams/wire/contractChecks.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Explorer } from '../analytics/collectors/explorer.ts'
import type { Chain } from '../config/chains.ts'
import type { Environment } from '../feeds/environment.ts'
import { ChainNode, told } from '../feeds/evm/node.ts'
import { CONNECTION_TIMEOUTS } from '../feeds/live/connection.ts'
import { redactor } from '../lib/redaction.ts'
import type { CodeCache } from './codeCache.ts'
import { type Reading, readContract } from './reading.ts'

/** The usual `readMs`. */
const READ_MS = 20_000
/** ms that the explorer may take: its word is one check of many. */
const EXPLORER_MS = 6_000

/** What contracts of a chain are read with. */
export interface ChainContractsOptions {
  readonly chain: Chain
  /** Says whether the source is verified; undefined: nobody is asked. */
  readonly explorer: Pick<Explorer, 'contract'> | undefined
  readonly codes: CodeCache
  readonly environment: Environment
  /** ms until all questions about one contract must be answered. */
  readonly readMs?: number
}

/** What is said of a contract, apart from what was seen of it before. */
export type Report = Omit<Contract, 'replaced'>

/** Reads contracts of one chain. */
export class ChainContracts {
  private readonly options: ChainContractsOptions
  private readonly redact: (text: string) => string

  constructor(options: ChainContractsOptions) {
    this.options = options
    const { pathname, searchParams, username, password } = new URL(options.chain.node)
    this.redact = redactor([...pathname.split('/'), ...searchParams.values(), username, password])
  }

  /** Reads a contract as of the newest block. Rejects with a ProtocolError: `not_ready` if the node does not answer as a node does. */
  async read(address: string): Promise<Report> {
    const [reading, source] = await Promise.all([this.reading(address), this.source(address)])
    return reportOf(this.options.chain.name, address, { ...reading, ...source, why: { ...reading.why, ...source.why } })
  }

  private async reading(address: string): Promise<Reading> {
    const { chain, codes, environment, readMs = READ_MS } = this.options
    const until = AbortSignal.timeout(readMs)
    const node = await ChainNode.open(chain.node, CONNECTION_TIMEOUTS, environment)
    const close = (): void => node.close()
    until.addEventListener('abort', close, { once: true })
    try {
      return await readContract(node, address, hex => codes.factsOf(hex))
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      const why = until.aborted ? `no answer within ${readMs / 1000} s` : this.redact(told(error, chain.node))
      throw new ProtocolError('not_ready', `the node of ${chain.name}: ${why}`, 5)
    } finally {
      until.removeEventListener('abort', close)
      node.close()
    }
  }

  private async source(address: string): Promise<Pick<Reading, 'explorer' | 'why'>> {
    const { explorer } = this.options
    if (explorer === undefined) return { why: {} }
    try {
      const found = await explorer.contract(address, AbortSignal.timeout(EXPLORER_MS))
      return {
        explorer: found === undefined ? { verified: false } : { verified: true, name: found.name, compiler: found.compiler },
        why: {},
      }
    } catch (error) {
      const { name, message } = error as Error
      return { why: { explorer: name === 'TimeoutError' ? 'the explorer gave no answer in time' : message } }
    }
  }
}

const reportOf = (chain: string, address: string, reading: Reading): Report => {
  const checks = checksOf(reading)
  return {
    chain,
    address,
    block: reading.block,
    t: reading.t,
    code: reading.codes.map(({ address, via, hash, facts: { size, compiler, selectors, complete } }) => ({
      address,
      ...(via && { via }),
      hash,
      size,
      ...(compiler !== undefined && { compiler }),
      selectors: selectors.map(selector => `0x${selector}`),
      complete,
    })),
    checks,
    concerns: concernsOf(checks),
  }
}
