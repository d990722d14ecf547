import { ProtocolError } from '../../../streams/wire/errors.ts'
import { ANONYMOUS, type Principal } from '../../identity/access.ts'
import type { Accounts } from '../../identity/accounts.ts'

/** Returns whom an `Authorization` header names; ANONYMOUS without one. Throws `bad_credentials` if it is not right. */
export const principalOf = async (authorization: string | undefined, accounts: Accounts, address: string): Promise<Principal> => {
  if (authorization === undefined) return { ...ANONYMOUS, address }
  const [, scheme, value] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme?.toLowerCase() === 'basic') {
    const pair = Buffer.from(value!, 'base64').toString('utf8')
    const colon = pair.indexOf(':')
    if (colon < 0) throw new ProtocolError('bad_credentials')
    return { ...(await accounts.check(pair.slice(0, colon), pair.slice(colon + 1), address)), address }
  }
  const who = value === undefined ? undefined : accounts.authenticate(value)
  if (who === undefined) throw new ProtocolError('bad_credentials')
  return { ...who, address }
}

/** Names under which people put credentials into a query. */
const SECRET = ['username', 'password', 'token', 'access_token']

/** Throws `credentials_in_url` if the query holds credentials: they would stand in logs and histories. */
export const noCredentialsIn = (query: Readonly<Record<string, string>>): void => {
  if (SECRET.some(name => name in query)) throw new ProtocolError('credentials_in_url')
}
