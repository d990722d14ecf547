import type { Logger } from 'pino'
import type { Contract } from '../../streams/wire/answers/contracts.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Chain } from '../config/chains.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import type { Figures } from '../lib/figures.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { Contracts } from './contracts.ts'

/** Says what the code of contracts says. */
export interface ContractAnswers {
  /** Rejects with a ProtocolError. */
  of(chain: string, address: string): Promise<Contract>
  /** Undefined until the first question. */
  readonly figures: Figures | undefined
}

/** What contracts are asked with. */
export interface ContractAnswersOptions {
  readonly chains: ReadonlyMap<string, Chain>
  /** Key of the block explorer; undefined: nobody is asked about sources. */
  readonly explorerKey: string | undefined
  readonly engine: Promise<Engine>
  readonly log: Logger
}

/** Etherscan's API, version 2: one address for all chains. The free plan allows five requests a second. */
const ETHERSCAN = { url: 'https://api.etherscan.io/v2/api', perMinute: 240 }

/** Opens the answers about contracts. The library for chains takes half a second to load: it is loaded for the first question. */
export const openContracts = ({ chains, explorerKey, engine, log }: ContractAnswersOptions): ContractAnswers => {
  let opening: Promise<Contracts> | undefined
  let opened: Contracts | undefined
  const open = async (): Promise<Contracts> => {
    const [{ Contracts }, { Explorer }, { openContractRows }] = await Promise.all([
      import('./contracts.ts'),
      import('../analytics/collectors/explorer.ts'),
      import('./contractRows.ts'),
    ])
    const explorerOf = ({ id }: Chain) =>
      explorerKey === undefined ? undefined : new Explorer({ ...ETHERSCAN, chainId: id, key: explorerKey, environment: systemEnvironment })
    opened = new Contracts({ chains, explorerOf, rows: openContractRows(engine), environment: systemEnvironment, log })
    return opened
  }
  return {
    async of(chain, address) {
      if (!chains.has(chain)) throw new ProtocolError('not_found', `chain: found "${chain.slice(0, 64)}", expected ${expected(chains)}`)
      opening ??= open()
      return (await opening).of(chain, address)
    },
    get figures() {
      return opened?.figures
    },
  }
}

const expected = (chains: ReadonlyMap<string, Chain>): string =>
  chains.size === 0 ? 'one of "chains" in the configuration, which names none' : [...chains.keys()].join(', ')
