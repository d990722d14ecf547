import { CONTRACT } from '../../../../streams/wire/answers/contracts.ts'
import type { ContractAnswers } from '../../../contracts/open.ts'
import { inPath } from '../parameters.ts'
import { answer, type Route } from '../route.ts'

/** What is known of contracts. */
export interface ContractServices {
  readonly contracts: Pick<ContractAnswers, 'of'>
}

/** What the code of contracts says. */
export const CONTRACT_ROUTES: readonly Route<ContractServices>[] = [
  {
    method: 'get',
    path: '/v1/contracts/:chain/:address',
    summary: 'What the code of a contract says at the newest block: proxies, opcodes, ERC-20, privileges, each with its evidence',
    // Each question costs some ten to a node, which may count them.
    who: 'known',
    refuses: ['not_found', 'rate_limited', 'too_much', 'not_ready'],
    takes: { parameters: [inPath('chain', 'a chain of the configuration'), inPath('address', 'of the contract, 0x and 40 digits')] },
    gives: answer('Contract', CONTRACT),
    handler: async (c, { contracts }) => c.json(await contracts.of(c.req.param('chain')!, c.req.param('address')!)),
  },
]
