import { expect } from 'vitest'
import type { ProtocolClient, State } from './protocolClient.ts'
import { ADMIN_TOKEN, type ProtocolServer } from './protocolKit.ts'

/** The password of every user that a test makes. */
export const PASSWORD = 'correct horse battery'
/** Headers of a request with a token. */
export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
/** Headers of a request by the admin. */
export const ADMIN = bearer(ADMIN_TOKEN)

/** A body: an object goes as JSON. */
export type Body = object | string | URLSearchParams

/** What came back of a request. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: State
}

/** Sends a request by HTTP. */
export const send = async (
  server: ProtocolServer,
  method: string,
  path: string,
  body?: Body,
  headers: Record<string, string> = {},
): Promise<Answer> => {
  const plain = typeof body === 'object' && !(body instanceof URLSearchParams)
  const response = await server.fetch(path, {
    method,
    headers: { ...(plain && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: plain ? JSON.stringify(body) : body }),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as State }
}

let deposits = 0
/** Gives assets to a user, as the custodian does. */
export const fund = async (server: ProtocolServer, username: string, assets: Readonly<Record<string, string>>): Promise<void> => {
  for (const [asset, amount] of Object.entries(assets)) {
    const deposit = { username, asset, amount, key: `deposit ${++deposits}` }
    expect((await send(server, 'POST', '/v1/admin/deposits', deposit, ADMIN)).status).toBe(200)
  }
}

/** A user with a socket that is logged in. */
export interface User {
  readonly name: string
  readonly token: string
  readonly socket: ProtocolClient
}

/** Registers a user on a socket of its own, with these assets. */
export const newUser = async (
  server: ProtocolServer,
  name: string,
  assets: Readonly<Record<string, string>> = {},
  password = PASSWORD,
): Promise<User> => {
  const socket = await server.client()
  const { token } = await socket.ask<{ token: string }>('register', { username: name, password })
  await fund(server, name, assets)
  return { name, token, socket }
}

/** Returns the number of the newest entry of the journal. */
export const newestEntry = async (server: ProtocolServer): Promise<number> => {
  for (let after = 0; ; ) {
    const path = `/v1/audit?after=${after}`
    const { entries, next } = await server.json<{ entries: { seq: number }[]; next?: number }>(path, { headers: ADMIN })
    if (next === undefined) return entries.at(-1)?.seq ?? after
    after = next
  }
}

/** Resolves with the state of a channel once it is so. */
export const stateOnce = async (
  server: ProtocolServer,
  channel: string,
  holds: (state: State) => boolean,
  token?: string,
): Promise<State> => {
  const socket = await server.client()
  if (token !== undefined) await socket.ask('auth', { token })
  await socket.subscribe([channel])
  const replica = await socket.replica(channel)
  await socket.until(() => holds(replica.state))
  await socket.close()
  return replica.state
}

/** Resolves when the engine has begun: the folder of the test cannot be removed while it does. */
export const engineReady = async (server: ProtocolServer): Promise<void> => {
  await stateOnce(server, 'status', ({ sink }) => (sink as State | undefined)?.state === 'ready')
}
