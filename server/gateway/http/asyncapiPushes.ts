import { ERROR_CODE } from '../../../streams/wire/answers/results.ts'
import { CHANNELS, INTERVALS, KINDS, type Kind } from '../../../streams/wire/channels.ts'
import { inputSchema, reference, type Schema } from './schemas.ts'

const NUMBER = { type: 'integer', minimum: 0 }
const TIME = { type: 'integer', description: 'ms since the epoch' }
const NOON = Date.UTC(2024, 7, 8, 12)

interface Push {
  readonly name: string
  readonly summary: string
  readonly members: Readonly<Record<string, object>>
  /** Members that may be absent. */
  readonly optional?: readonly string[]
  readonly examples?: readonly object[]
}

const push = ({ name, summary, members, optional = [], examples = [] }: Push): object => ({
  name,
  summary,
  contentType: 'application/json',
  payload: {
    type: 'object',
    properties: members,
    required: Object.keys(members).filter(member => !optional.includes(member)),
    additionalProperties: false,
  },
  ...(examples.length > 0 && { examples: examples.map(payload => ({ payload })) }),
})

/** What is pushed on the socket itself, whatever is followed. */
export const SOCKET_PUSHES: Readonly<Record<string, object>> = {
  heartbeat: push({
    name: 'heartbeat',
    summary: 'Every five seconds: the server’s wall clock, ms',
    members: { hb: TIME },
    examples: [{ hb: NOON }],
  }),
  stale: push({
    name: 'stale',
    summary: 'The server hears nothing of what computes these channels: their states are those of `since`. An empty list: it is over',
    members: { stale: { type: 'array', items: { type: 'string' } }, since: TIME },
    optional: ['since'],
    examples: [{ stale: ['fund:TOP10'], since: NOON }, { stale: [] }],
  }),
  bye: push({
    name: 'bye',
    summary: 'Before a planned stop',
    members: {
      bye: {
        type: 'object',
        properties: { reason: { type: 'string' }, reconnectInMs: NUMBER },
        required: ['reason', 'reconnectInMs'],
        additionalProperties: false,
      },
    },
    examples: [{ bye: { reason: 'SIGTERM', reconnectInMs: 1000 } }],
  }),
}

/** How the name of a channel of each form ends, with its parameters. */
const ENDS = { none: '', name: ':{id}', symbol: ':{symbol}', 'interval+symbol': ':{interval}:{symbol}' } as const

const PARAMETERS = {
  id: { description: 'of the configuration' },
  symbol: { description: 'canonical', examples: ['BTC-USD'] },
  interval: { description: 'length of the candles', enum: Object.keys(INTERVALS) },
} as const

/** The names of a kind of channel as a pattern. */
const named = (kind: Kind): object => {
  const { id } = CHANNELS[kind]
  return id === 'none' ? { const: kind } : { type: 'string', pattern: `^${kind}:` }
}

const EXAMPLES: { readonly [K in Kind]?: { readonly ch: string; readonly snap: object; readonly d: object } } = {
  tick: { ch: 'tick:BTC-USD', snap: { price: 61234.5, side: 'buy' }, d: { price: 61235 } },
  fund: { ch: 'fund:TOP10', snap: { nav: 101.35, weights: { BTC: 0.25 } }, d: { nav: 101.37, weights: { BTC: 0.2503 } } },
}

const FAULT: Schema = {
  type: 'object',
  properties: { code: inputSchema(ERROR_CODE, 'draft-7'), message: { type: 'string' }, retry: { type: 'boolean' } },
  required: ['code', 'message', 'retry'],
  additionalProperties: false,
}

/** All that is pushed of a kind of channel. */
const messages = (kind: Kind): Record<string, object> => {
  const ch = named(kind)
  const name = kind[0]!.toUpperCase() + kind.slice(1)
  const example = EXAMPLES[kind]
  return {
    snapshot: push({
      name: `${kind}Snapshot`,
      summary: 'The whole state',
      members: { ch, epoch: { type: 'string' }, seq: NUMBER, t: TIME, snap: reference(`${name}State`) },
      ...(example && { examples: [{ ch: example.ch, epoch: 'k3', seq: 41, t: NOON, snap: example.snap }] }),
    }),
    patch: push({
      name: `${kind}Patch`,
      summary: 'A JSON Merge Patch (RFC 7396) of the state at `prev`, which is `seq - 1` if it is left out',
      members: { ch, seq: NUMBER, prev: NUMBER, t: TIME, d: reference(`${name}Patch`), merged: NUMBER },
      optional: ['prev', 'merged'],
      ...(example && { examples: [{ ch: example.ch, seq: 42, t: NOON + 20, d: example.d }] }),
    }),
    checksum: push({
      name: `${kind}Checksum`,
      summary: 'CRC-32 of the RFC 8785 form of the state at `seq`',
      members: { ch, seq: NUMBER, h: { type: 'string', pattern: '^[0-9a-f]{8}$' } },
    }),
    ...(CHANNELS[kind].past && {
      rows: push({
        name: `${kind}Rows`,
        summary: 'Rows of the past, oldest first, if `from` asked for them',
        members: {
          ch,
          rows: { type: 'array', items: reference(`${name}Row`) },
          more: { type: 'boolean' },
          error: { ...FAULT, description: 'why the past cannot be read' },
        },
        optional: ['error'],
      }),
    }),
  }
}

/** Describes each kind of channel: its names, and what is pushed of it. */
export const pushChannels = (): Record<string, object> =>
  Object.fromEntries(
    KINDS.map(kind => {
      const end = ENDS[CHANNELS[kind].id]
      const parameters = [...end.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name!, PARAMETERS[name as keyof typeof PARAMETERS]])
      return [
        kind,
        {
          address: kind + end,
          description: 'Is subscribed by this name on the socket /ws.',
          ...(parameters.length > 0 && { parameters: Object.fromEntries(parameters) }),
          messages: messages(kind),
        },
      ]
    }),
  )
