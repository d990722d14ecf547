import type { Logger } from 'pino'
import type { Contract } from '../../streams/wire/answers/contracts.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Explorer } from '../analytics/collectors/explorer.ts'
import type { Chain } from '../config/chains.ts'
import type { Environment } from '../feeds/environment.ts'
import type { Figures } from '../lib/figures.ts'
import { Semaphore } from '../lib/semaphore.ts'
import { addressOf } from './address.ts'
import { ChainContracts, type Report } from './chainContracts.ts'
import { CodeCache } from './codeCache.ts'
import { type ContractRows, changesOf, isSame } from './contractRows.ts'

/** ms for which an answer is given again without asking the node: a block of Ethereum. */
const FRESH_MS = 12_000
/** Answers that are kept. */
const KEPT_MAX = 500
/** Contracts that are read at once, and that may wait for a place. */
const AT_ONCE = 2
const MAY_WAIT = 16
/** Readings that may begin at once after a rest. */
const BURST = 5

/** What contracts are asked with. */
export interface ContractsOptions {
  readonly chains: ReadonlyMap<string, Chain>
  /** The block explorer of a chain; undefined if nobody is asked. */
  readonly explorerOf: (chain: Chain) => Pick<Explorer, 'contract'> | undefined
  readonly rows: ContractRows
  readonly environment: Environment
  readonly log: Logger
}

interface Kept {
  readonly contract: Contract
  /** ms. */
  readonly until: number
}

/** Answers what the code of contracts says. A reading asks a node some ten questions, so they are counted, and shared. */
export class Contracts {
  private readonly options: ContractsOptions
  private readonly codes = new CodeCache()
  private readonly chains: ReadonlyMap<string, { readonly contracts: ChainContracts; readonly pace: Pace }>
  private readonly kept = new Map<string, Kept>()
  private readonly reading = new Map<string, Promise<Contract>>()
  private readonly turns = new Semaphore(
    AT_ONCE,
    MAY_WAIT,
    () => new ProtocolError('too_much', 'too many contracts are waiting to be read', 2),
  )
  private readonly counts = { read: 0, again: 0, failed: 0, refused: 0, notStored: 0 }

  constructor(options: ContractsOptions) {
    this.options = options
    const { chains, explorerOf, environment } = options
    const open = (chain: Chain) => ({
      contracts: new ChainContracts({ chain, explorer: explorerOf(chain), codes: this.codes, environment }),
      pace: new Pace(chain.contractsPerMinute, environment),
    })
    this.chains = new Map([...chains].map(([name, chain]) => [name, open(chain)]))
  }

  /** Since the start: contracts that were read, answers that were given again, readings that failed or were refused; codes run and known. */
  get figures(): Figures {
    return { ...this.counts, codes: { ...this.codes.figures } }
  }

  /**
   * Returns what the code of a contract on a configured chain says. Rejects with a ProtocolError: `invalid_params` for what is no address, `rate_limited`,
   * `too_much`, `not_ready` if the node does not answer.
   */
  async of(chain: string, text: string): Promise<Contract> {
    const address = addressOf(text)
    const known = this.chains.get(chain)!
    const key = `${chain} ${address}`
    const kept = this.kept.get(key)
    if (kept !== undefined && kept.until > this.options.environment.now()) {
      this.counts.again += 1
      return kept.contract
    }
    const running = this.reading.get(key)
    if (running !== undefined) return running
    const reading = this.read(known, key, address)
    this.reading.set(key, reading)
    return reading.finally(() => this.reading.delete(key))
  }

  private async read(
    { contracts, pace }: { readonly contracts: ChainContracts; readonly pace: Pace },
    key: string,
    address: string,
  ): Promise<Contract> {
    try {
      pace.take()
      const report = await this.turns.run(() => contracts.read(address))
      const contract = { ...report, ...(await this.past(report)) }
      this.counts.read += 1
      this.keep(key, contract)
      return contract
    } catch (error) {
      const isRefused = error instanceof ProtocolError && error.code !== 'not_ready'
      this.counts[isRefused ? 'refused' : 'failed'] += 1
      throw error
    }
  }

  /** Returns the changes that were seen, if the store is there to say so, and stores what is new. */
  private async past(report: Report): Promise<Pick<Contract, 'replaced'>> {
    const { rows, log } = this.options
    const { chain, address, code } = report
    try {
      const seen = await rows.seen(chain, address)
      const now = { codes: code.map(of => of.address), hashes: code.map(({ hash }) => hash) }
      if (code.length > 0 && (seen[0] === undefined || !isSame(seen[0], now))) await rows.store(report)
      return { replaced: changesOf(report, seen) }
    } catch (error) {
      this.counts.notStored += 1
      log.warn({ chain, address, error: (error as Error).message }, 'what was found out about a contract is not stored')
      return {}
    }
  }

  private keep(key: string, contract: Contract): void {
    this.kept.delete(key)
    this.kept.set(key, { contract, until: this.options.environment.now() + FRESH_MS })
    if (this.kept.size > KEPT_MAX) this.kept.delete(this.kept.keys().next().value!)
  }
}

/** Lets no more readings begin than a node allows. Who comes too early is refused. */
class Pace {
  private readonly environment: Environment
  private readonly spacing: number
  /** ms: when all that began is paid for. */
  private paid = 0

  constructor(perMinute: number, environment: Environment) {
    this.environment = environment
    this.spacing = 60_000 / perMinute
  }

  /** Throws `rate_limited` if none may begin now. */
  take(): void {
    const now = this.environment.now()
    const begin = Math.max(this.paid, now)
    const wait = begin - now - (BURST - 1) * this.spacing
    if (wait > 0)
      throw new ProtocolError('rate_limited', 'the node of this chain is asked for no more contracts now', Math.ceil(wait / 1000))
    this.paid = begin + this.spacing
  }
}
