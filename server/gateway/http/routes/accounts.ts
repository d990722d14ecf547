import type { Context } from 'hono'
import { ISSUED, RESULTS } from '../../../../streams/wire/answers/results.ts'
import { SESSION } from '../../../../streams/wire/answers/server.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { METHODS } from '../../../../streams/wire/requests.ts'
import type { Accounts } from '../../../identity/accounts.ts'
import type { Sessions } from '../../api/sessionFacts.ts'
import { jsonOrForm, readBody } from '../body.ts'
import type { Env } from '../env.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What clients register and log in with. */
export interface AccountServices {
  readonly accounts: Accounts
  readonly sessions: Sessions
}

const TOKEN = answer('Token', ISSUED)

/** Returns where a request comes from; '' if that is not known. */
export const addressOf = (c: Context<Env>): string => c.get('who').address ?? ''

const register: Handler<AccountServices> = async (c, { accounts }) => {
  const { username, password, invite } = checked(METHODS.register, await readBody(c), 'body')
  return c.json(await accounts.register(username, password, addressOf(c), invite))
}

/** A login may name an invitation: who has just registered sends the same body again. */
const login: Handler<AccountServices> = async (c, { accounts }) => {
  const { username, password } = checked(METHODS.register, await readBody(c), 'body')
  return c.json(await accounts.login(username, password, addressOf(c)))
}

const logout: Handler<AccountServices> = async (c, { accounts }) => {
  const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  if (token === undefined) throw new ProtocolError('not_logged_in')
  await accounts.logout(token)
  return c.json({})
}

/** Registration, login, logout. */
export const ACCOUNT_ROUTES: readonly Route<AccountServices>[] = [
  {
    method: 'post',
    path: '/register',
    summary: 'A new client',
    who: 'all',
    noCredentialsInUrl: true,
    takes: { body: jsonOrForm(METHODS.register) },
    refuses: ['name_taken'],
    gives: TOKEN,
    handler: register,
  },
  {
    method: 'post',
    path: '/v1/login',
    summary: 'A token for a client',
    who: 'all',
    noCredentialsInUrl: true,
    takes: { body: jsonOrForm(METHODS.login) },
    gives: TOKEN,
    handler: login,
  },
  {
    method: 'get',
    path: '/v1/session',
    summary: 'What everybody may know of the server, and whom it takes the requester for',
    who: 'all',
    gives: answer('Session', SESSION),
    handler: (c, { sessions }) => c.json(sessions.factsFor(c.get('who'))),
  },
  {
    method: 'post',
    path: '/v1/logout',
    summary: 'Ends the token of the header',
    who: 'known',
    gives: answer('LoggedOut', RESULTS.logout),
    handler: logout,
  },
]
