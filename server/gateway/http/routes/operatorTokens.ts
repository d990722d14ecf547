import { OPERATOR_TOKENS, type OperatorTokens, REVOKED } from '../../../../streams/wire/answers/server.ts'
import type { Accounts } from '../../../identity/accounts.ts'
import { inPath } from '../parameters.ts'
import { answer, type Route } from '../route.ts'

/** What tokens are revoked with. */
export interface OperatorTokenServices {
  readonly accounts: Accounts
}

/** Operators' tokens, for the admin. */
export const OPERATOR_TOKEN_ROUTES: readonly Route<OperatorTokenServices>[] = [
  {
    method: 'get',
    path: '/v1/admin/tokens',
    summary: 'The operators’ tokens of the configuration: names, scopes, and whether they are good',
    who: 'admin',
    gives: answer('OperatorTokens', OPERATOR_TOKENS),
    handler: (c, { accounts }) => c.json({ tokens: accounts.operatorTokens() } satisfies OperatorTokens),
  },
  {
    method: 'post',
    path: '/v1/admin/tokens/:name/revoke',
    summary: 'Revokes an operator’s token at once and for ever',
    who: 'admin',
    takes: { parameters: [inPath('name', 'of the token')] },
    gives: answer('Revoked', REVOKED),
    async handler(c, { accounts }) {
      const name = c.req.param('name')!
      await accounts.revokeOperator(name)
      return c.json({ name, state: 'revoked' as const })
    },
  },
]
