import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeWith, EVENTS, TOKEN } from '../../streams/contracts/test/code.ts'
import { ADMIN, bearer, newUser, send } from './clearingKit.ts'
import { ContractNode } from './contractNode.ts'
import { ProtocolServer } from './protocolKit.ts'

const TOKEN_ADDRESS = '0x00000000000000000000000000000000000000aa'
const TOKEN_CODE = codeWith({ functions: [...TOKEN, '8da5cb5b', '40c10f19'], more: EVENTS })

describe('GET /v1/contracts/{chain}/{address}', () => {
  const node = new ContractNode()
  let server: ProtocolServer
  beforeAll(async () => {
    node.contracts[TOKEN_ADDRESS] = {
      code: TOKEN_CODE,
      answers: { '0x8da5cb5b': `0x${'1'.repeat(64)}`, '0x313ce567': `0x${'12'.padStart(64, '0')}` },
    }
    const url = await node.start()
    server = await ProtocolServer.start({ registration: 'open', feeds: [], chains: { ethereum: { id: 1, node: url } } })
  })
  afterAll(async () => {
    await server.stop()
    await node.stop()
  })
  const ask = (path: string, headers: Record<string, string> = ADMIN) => send(server, 'GET', path, undefined, headers)

  it('is for those who are logged in, because each question costs', async () => {
    expect(await ask(`/v1/contracts/ethereum/${TOKEN_ADDRESS}`, {})).toMatchObject({ status: 401, body: { code: 'not_logged_in' } })
    const ann = await newUser(server, 'ann')
    expect(await ask(`/v1/contracts/ethereum/${TOKEN_ADDRESS}`, bearer(ann.token))).toMatchObject({
      status: 200,
      body: { address: TOKEN_ADDRESS, concerns: ['privilege.owner', 'privilege.mint'] },
    })
  })

  it.each([
    ['/v1/contracts/base/0x0000000000000000000000000000000000000001', 404, /^chain: found "base", expected ethereum$/],
    ['/v1/contracts/ethereum/0x01', 400, /^address: found "0x01"/],
  ])('%s: %i', async (path, status, detail) => {
    expect(await ask(path)).toMatchObject({ status, body: { detail: expect.stringMatching(detail) } })
  })

  it('counts what it did', async () => {
    const metrics = await (await server.fetch('/metrics')).text()
    expect(/^driftwire_contracts_read_total (\d+)/m.exec(metrics)?.[1]).toBe('1')
  })
})
