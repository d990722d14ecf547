import { z } from 'zod'
import { KINDS } from '../../../streams/wire/channels.ts'
import { ERRORS } from '../../../streams/wire/errors.ts'
import { METHODS, type Method } from '../../../streams/wire/requests.ts'

const number = { type: 'integer' }
const object = { type: 'object' }
const ch = { type: 'string', description: `one of ${KINDS.join(', ')}, with its name behind a colon` }

const push = (name: string, summary: string, properties: object, required: readonly string[]): [string, object] => [
  name,
  { name, summary, contentType: 'application/json', payload: { type: 'object', properties, required } },
]

const PUSHES = Object.fromEntries([
  push('snapshot', 'The whole state', { ch, epoch: { type: 'string' }, seq: number, t: number, snap: object }, [
    'ch',
    'epoch',
    'seq',
    't',
    'snap',
  ]),
  push(
    'patch',
    'A JSON Merge Patch (RFC 7396) of the state at `prev`, which is `seq - 1` if it is left out',
    { ch, seq: number, prev: number, t: number, d: object, merged: number },
    ['ch', 'seq', 't', 'd'],
  ),
  push(
    'checksum',
    'CRC-32 of the RFC 8785 form of the state at `seq`',
    { ch, seq: number, h: { type: 'string', pattern: '^[0-9a-f]{8}$' } },
    ['ch', 'seq', 'h'],
  ),
  push(
    'rows',
    'Rows of the past, if `from` asked for them',
    { ch, rows: { type: 'array', items: object }, more: { type: 'boolean' }, error: object },
    ['ch', 'rows', 'more'],
  ),
  push('heartbeat', 'Every five seconds: the server’s time', { hb: number }, ['hb']),
  push('bye', 'Before a planned stop', { bye: { type: 'object', properties: { reason: { type: 'string' }, reconnectInMs: number } } }, [
    'bye',
  ]),
])

const request = (method: Method): [string, object] => [
  method,
  {
    name: method,
    summary: `JSON-RPC 2.0: ${method}`,
    contentType: 'application/json',
    payload: {
      type: 'object',
      properties: {
        jsonrpc: { const: '2.0' },
        id: { type: ['string', 'number', 'null'] },
        method: { const: method },
        params: z.toJSONSchema(METHODS[method], { io: 'input' }),
      },
      required: ['jsonrpc', 'method'],
    },
  },
]

const REPLY = {
  name: 'reply',
  summary: 'The answer to a request: a result or an error',
  contentType: 'application/json',
  payload: {
    type: 'object',
    properties: {
      jsonrpc: { const: '2.0' },
      id: { type: ['string', 'number', 'null'] },
      result: {},
      error: {
        type: 'object',
        properties: {
          code: { enum: [...new Set(Object.values(ERRORS).map(e => e.rpc))] },
          message: { type: 'string' },
          data: {
            type: 'object',
            properties: {
              code: { enum: Object.keys(ERRORS) },
              retry: { type: 'boolean' },
              order: { ...object, description: 'the order that was rejected, if it was written down' },
            },
            required: ['code', 'retry'],
          },
        },
      },
    },
    required: ['jsonrpc', 'id'],
  },
}

/** Describes the websocket as AsyncAPI 3.0: what a client sends, and what the server sends. */
export const asyncApi = (): object => {
  const requests = Object.fromEntries((Object.keys(METHODS) as Method[]).map(request))
  const refs = (names: readonly string[]) => names.map(name => ({ $ref: `#/channels/ws/messages/${name}` }))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'driftwire',
      version: '1',
      description: 'Requests are JSON-RPC 2.0, one object a text frame; pushes are compact objects without an envelope.',
    },
    channels: { ws: { address: '/ws', messages: { ...requests, reply: REPLY, ...PUSHES } } },
    operations: {
      ask: { action: 'receive', channel: { $ref: '#/channels/ws' }, messages: refs(Object.keys(requests)) },
      answer: { action: 'send', channel: { $ref: '#/channels/ws' }, messages: refs(['reply', ...Object.keys(PUSHES)]) },
    },
  }
}
