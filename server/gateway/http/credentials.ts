import { ProtocolError } from '../../../streams/wire/errors.ts'
import { ANONYMOUS, type Principal } from '../../identity/access.ts'
import type { Accounts } from '../../identity/accounts.ts'

/** Who an `Authorization` header says to be; NOBODY without one. Throws the Refusal `bad_credentials` where it is not right. */
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

/** Members of a query in which people put what does not belong into a URL. */
const SECRET = ['username', 'password', 'token', 'access_token']

/** Throws where the query bears credentials: they would stand in logs and histories. */
export const noCredentialsIn = (query: Readonly<Record<string, string>>): void => {
  if (SECRET.some(name => name in query)) throw new ProtocolError('credentials_in_url')
}
