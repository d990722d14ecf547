import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { ADMIN, bearer, send } from './clearingKit.ts'
import { ProtocolServer } from './protocolKit.ts'

const digest = (token: string): string => createHash('sha256').update(token).digest('hex')
const TOKENS = ['auditing', 'brief', 'dated'] as const
const config = (expires: number): object => ({
  feeds: ['sim:7'],
  portfolios: [{ id: 'closed', read: [] }],
  tokens: TOKENS.map(name => ({
    ...{ name, digest: digest(`${name}-token`), scopes: ['audit'] },
    ...(name === 'brief' && { expires: new Date(expires).toISOString() }),
    ...(name === 'dated' && { expires: '2020-01-01T00:00:00Z' }),
  })),
})

it('an operator’s token ends when it is revoked or expires: by HTTP, on open sockets, and after a restart', {
  timeout: 60_000,
}, async () => {
  const expires = Date.now() + 4_000
  const server = await ProtocolServer.startForTest(config(expires))
  const audit = (to: ProtocolServer, name: string) =>
    send(to, 'GET', '/v1/audit', undefined, bearer(`${name}-token`)).then(({ status }) => status)
  const states = async (to: ProtocolServer) => {
    const { body } = await send(to, 'GET', '/v1/admin/tokens', undefined, ADMIN)
    return Object.fromEntries((body.tokens as unknown as { name: string; state: string }[]).map(({ name, state }) => [name, state]))
  }
  const sockets = await Promise.all([server.client(), server.client()])
  await sockets[0].ask('auth', { token: 'auditing-token' })
  expect(await sockets[1].ask('auth', { token: 'brief-token' })).toMatchObject({ expires })
  expect([await audit(server, 'auditing'), await audit(server, 'brief'), await audit(server, 'dated')]).toEqual([200, 200, 401])
  expect(await states(server)).toEqual({ auditing: 'good', brief: 'good', dated: 'expired' })

  // Only the admin may, not even an operator of all scopes.
  expect((await send(server, 'POST', '/v1/admin/tokens/auditing/revoke', undefined, bearer('auditing-token'))).status).toBe(403)
  expect((await send(server, 'POST', '/v1/admin/tokens/nobody/revoke', undefined, ADMIN)).status).toBe(404)
  expect(await send(server, 'POST', '/v1/admin/tokens/auditing/revoke', undefined, ADMIN)).toMatchObject({
    status: 200,
    body: { name: 'auditing', state: 'revoked' },
  })
  expect(await audit(server, 'auditing')).toBe(401)
  expect(await sockets[0].ask('session')).toMatchObject({ who: { as: 'nobody' } })
  await expect(sockets[0].ask('auth', { token: 'auditing-token' })).rejects.toThrow('bad_credentials')

  expect(await sockets[1].ask('session')).toMatchObject({ who: { as: 'operator', name: 'brief' } })
  await expect.poll(() => sockets[1].ask('session'), { timeout: 10_000 }).toMatchObject({ who: { as: 'nobody' } })
  expect(await audit(server, 'brief')).toBe(401)
  await server.stop()

  const again = await ProtocolServer.startForTest(config(expires))
  expect(await audit(again, 'auditing')).toBe(401)
  expect(await states(again)).toEqual({ auditing: 'revoked', brief: 'expired', dated: 'expired' })
  await again.stop()
})
