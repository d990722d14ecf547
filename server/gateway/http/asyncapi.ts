import type { z } from 'zod'
import { RESULTS, RPC_ERROR } from '../../../streams/wire/answers/results.ts'
import { KINDS } from '../../../streams/wire/channels.ts'
import { CLOSE } from '../../../streams/wire/errors.ts'
import { METHODS, type Method } from '../../../streams/wire/requests.ts'
import { pushChannels, SOCKET_PUSHES } from './asyncapiPushes.ts'
import { REQUESTS } from './examples.ts'
import { stateForms } from './openapi.ts'
import { inputSchema, namedSchemas, patchSchema, reference, type Schema } from './schemas.ts'

const DIALECT = 'draft-7'
const METHOD_NAMES = Object.keys(METHODS) as Method[]
const ID = { type: ['string', 'number', 'null'] }
const CORRELATION = { correlationId: { location: '$message.payload#/id' } }

/** What methods do, in a line each. */
const SUMMARIES: Readonly<Record<Method, string>> = {
  subscribe: 'Follows channels, and those of patterns as they appear',
  unsubscribe: 'Ends following channels and patterns',
  channels: 'The names of the channels that can be had',
  history: 'What was stored of a channel, by pages',
  register: 'A new client; binds the socket to it',
  login: 'A token for a client; binds the socket to it',
  logout: 'Unbinds the socket, and ends the token if there is one',
  create: 'Shares for a basket of assets',
  redeem: 'A basket of assets for shares',
  transfer: 'An asset, or shares of a fund, to another client',
  quote: 'What an order would take and give now; nothing changes',
  order: 'The client’s order under a key',
  holdings: 'What the client owns',
  record: 'Rows into a portfolio, each id once',
  auth: 'Binds the socket to the one whose token this is',
  explain: 'What a figure comes from, down to the ticks',
  session: 'What everybody may know of the server, and whom it takes one for',
  ping: 'The server’s time',
}

const message = (name: string, summary: string, payload: object, more: object = {}): object => ({
  name,
  summary,
  contentType: 'application/json',
  payload,
  ...more,
})

const request = (method: Method): object => {
  const params: Schema = inputSchema(METHODS[method], DIALECT)
  const needed = (params.required ?? []).length > 0 ? ['params'] : []
  return message(
    method,
    SUMMARIES[method],
    {
      type: 'object',
      properties: {
        jsonrpc: { const: '2.0' },
        traceparent: { type: 'string', description: 'the trace that the request belongs to, as W3C Trace Context has it' },
        id: { ...ID, description: 'without one there is no reply' },
        method: { const: method },
        params,
      },
      required: ['jsonrpc', 'method', ...needed],
    },
    { ...CORRELATION, examples: [{ payload: { jsonrpc: '2.0', id: 1, method, params: REQUESTS[method] } }] },
  )
}

const reply = (member: 'result' | 'error', schema: Schema): object => ({
  type: 'object',
  properties: { jsonrpc: { const: '2.0' }, id: ID, [member]: schema },
  required: ['jsonrpc', 'id', member],
  additionalProperties: false,
})

const resultName = (method: Method): string => `${method}Result`
const formName = (method: Method): string => `${method[0]!.toUpperCase()}${method.slice(1)}Result`

/** Forms that several methods share get the name of the first. */
const resultForms = (): { forms: Record<string, z.ZodType>; nameOf: (method: Method) => string } => {
  const names = new Map<z.ZodType, string>()
  for (const method of METHOD_NAMES) if (!names.has(RESULTS[method])) names.set(RESULTS[method], formName(method))
  return { forms: Object.fromEntries([...names].map(([form, name]) => [name, form])), nameOf: method => names.get(RESULTS[method])! }
}

/** Returns all schemas by name: states, patches of states, rows, results. */
const allSchemas = (forms: Readonly<Record<string, z.ZodType>>): Record<string, Schema> => {
  const named = namedSchemas({ ...stateForms(), ...forms, RpcError: RPC_ERROR }, DIALECT)
  const states = Object.entries(named).filter(([name]) => name.endsWith('State'))
  return { ...named, ...Object.fromEntries(states.map(([name, form]) => [name.replace(/State$/, 'Patch'), patchSchema(form, named)])) }
}

const onSocket = (name: string): object => ({ $ref: `#/channels/ws/messages/${name}` })
const SOCKET = { $ref: '#/channels/ws' }

/** One operation a method, with what it is answered; one a kind of channel, with what is pushed. */
const operations = (): object =>
  Object.fromEntries([
    ...METHOD_NAMES.map(method => [
      method,
      {
        action: 'receive',
        channel: SOCKET,
        summary: SUMMARIES[method],
        messages: [onSocket(method)],
        reply: { channel: SOCKET, messages: [onSocket(resultName(method)), onSocket('error')] },
      },
    ]),
    ['tell', { action: 'send', channel: SOCKET, messages: Object.keys(SOCKET_PUSHES).map(onSocket) }],
    ...KINDS.map(kind => [`push_${kind}`, { action: 'send', channel: { $ref: `#/channels/${kind}` } }]),
  ])

/** Describes the websocket as AsyncAPI 3.0: what a client sends, what it is answered, and what the server pushes by kinds of channels. */
export const asyncApi = (): object => {
  const { forms, nameOf } = resultForms()
  const results = METHOD_NAMES.map(method => [
    resultName(method),
    message(resultName(method), `The result of ${method}`, reply('result', reference(nameOf(method))), CORRELATION),
  ])
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'driftwire',
      version: '1',
      description: 'Requests are JSON-RPC 2.0, one object a text frame; pushes are compact objects without an envelope.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      here: {
        host: '{host}',
        protocol: 'ws',
        description: 'This server; wss behind TLS.',
        variables: { host: { default: '127.0.0.1:8080' } },
      },
    },
    channels: {
      ws: {
        address: '/ws',
        title: 'The socket',
        description: `The server closes it with ${CLOSE.tooSlow} if the client has read nothing for too long, and with ${CLOSE.tooManyRequests} if it asks far too much.`,
        messages: {
          ...Object.fromEntries(METHOD_NAMES.map(method => [method, request(method)])),
          ...Object.fromEntries(results),
          error: message('error', 'The answer to a request that failed', reply('error', reference('RpcError')), CORRELATION),
          ...SOCKET_PUSHES,
        },
        bindings: {
          ws: {
            query: {
              type: 'object',
              properties: {
                lists: { type: 'string', enum: ['true'], description: 'Messages of one moment come together, as a JSON list of them.' },
              },
            },
          },
        },
        'x-close-codes': { [CLOSE.tooSlow]: 'it has read nothing for too long', [CLOSE.tooManyRequests]: 'it asks far too much' },
      },
      ...pushChannels(),
    },
    operations: operations(),
    components: { schemas: allSchemas(forms) },
  }
}
