import { Hono } from 'hono'
import { expect, it } from 'vitest'
import type { ProtocolError } from '../../../../streams/wire/errors.ts'
import { access } from '../../../identity/access.ts'
import { problem } from '../../transports/problem.ts'
import type { Env } from '../env.ts'
import { mount } from '../mount.ts'
import { ALLOCATE_ROUTES } from './allocate.ts'

const app = new Hono<Env>()
app.onError(error => problem(error as ProtocolError))
mount(app, ALLOCATE_ROUTES, { directory: { access: access(new Map()), has: () => false } })

const post = (body: string, type = 'application/json'): Response | Promise<Response> =>
  app.request('/v1/allocate', { method: 'POST', body, headers: { 'content-type': type } })

it('POST /v1/allocate gives weight, value and amount of each asset, the largest first', async () => {
  const assets = [
    { symbol: 'ETH', market_cap: 30, price: 5 },
    { symbol: 'BTC', market_cap: 70, price: 100 },
  ]
  const response = await post(JSON.stringify({ assets, cap: 0.6, capital: 1000 }))
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      assets: [
        { symbol: 'BTC', weight: 0.6, value: 600, amount: 6 },
        { symbol: 'ETH', weight: 0.4, value: 400, amount: 80 },
      ],
    },
  ])
})

it.each([
  ['{', 'application/json', 400, 'parse_error'],
  ['{"assets":[],"cap":1,"capital":1}', 'application/json', 400, 'invalid_params'],
  ['{"assets":[{"symbol":"A","market_cap":0,"price":1}],"cap":1,"capital":1}', 'application/json', 400, 'invalid_params'],
  ['assets=A&cap=1', 'application/x-www-form-urlencoded', 400, 'invalid_params'],
  ['cap: 1', 'text/yaml', 415, 'unsupported_media_type'],
])('POST /v1/allocate answers %j as %s with problem details %i %s', async (body, type, status, code) => {
  const response = await post(body, type)
  expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
  expect(await response.json()).toMatchObject({ status, code, retry: false })
})
