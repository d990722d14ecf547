import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { ProtocolError } from '../../../streams/wire/errors.ts'
import { ANONYMOUS, access, type Principal } from '../../identity/access.ts'
import { problem } from '../transports/problem.ts'
import type { Env } from './env.ts'
import type { GateServices } from './gate.ts'
import { mount } from './mount.ts'
import { JSON_TYPE, type Route, type Who } from './route.ts'
import { ROUTES } from './routes/index.ts'

const CLIENT: Principal = { user: 'ann', admin: false, scopes: [] }
const CUSTODIAN: Principal = { user: '', admin: false, scopes: ['deposits'], operator: 'custodian' }
const ADMIN: Principal = { user: '', admin: true, operator: 'admin' }
const SERVICES: GateServices = {
  directory: { access: access(new Map([['fund:OWN', ['ann']]]), new Map([['books', ['ann']]])), has: channel => channel === 'fund:OWN' },
}

/** The status of an answer to each: nobody, a client, an operator of one scope, the admin. */
const statuses = async (who: Who | undefined, path = '/thing/OWN'): Promise<number[]> => {
  const route = {
    method: 'get',
    path: '/thing/:id',
    summary: '',
    gives: [JSON_TYPE],
    handler: c => c.json({}),
  } as const satisfies Route<unknown>
  return Promise.all(
    [ANONYMOUS, CLIENT, CUSTODIAN, ADMIN].map(async principal => {
      const app = new Hono<Env>()
      app.onError(error => problem(error as ProtocolError))
      app.use(async (c, next) => {
        c.set('who', principal)
        await next()
      })
      mount(app, [who === undefined ? route : { ...route, who }], SERVICES)
      return (await app.request(path)).status
    }),
  )
}

describe('a route answers', () => {
  it.each<[string, Who | undefined, number[]]>([
    ['that names nobody: the admin alone', undefined, [401, 403, 403, 200]],
    ['for the admin', 'admin', [401, 403, 403, 200]],
    ['for all', 'all', [200, 200, 200, 200]],
    ['for all who are known', 'known', [401, 200, 200, 200]],
    ['for clients', 'client', [401, 200, 403, 403]],
    ['that leaves it to the command', 'command', [200, 200, 200, 200]],
    ['for readers of a channel', { read: ({ id }) => `fund:${id}` }, [401, 200, 403, 200]],
    ['for readers of a channel that there is not', { read: () => 'fund:NONE' }, [404, 404, 404, 404]],
    ['for who records into a portfolio', { record: () => 'books' }, [401, 200, 403, 200]],
    ['for operators of a scope', { operate: 'deposits' }, [401, 403, 200, 200]],
    ['for operators of another scope, or clients', { operate: 'funds', orClient: true }, [401, 200, 403, 200]],
  ])('%s', async (_, who, expected) => {
    expect(await statuses(who)).toEqual(expected)
  })
})

it('every route says whose it is', () => {
  expect(ROUTES.filter(({ who }) => who === undefined).map(({ path }) => path)).toEqual([])
})
