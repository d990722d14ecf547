import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { parseChannel } from '../../streams/wire/channels.ts'
import type { ProtocolClient } from './protocolClient.ts'

const escaped = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
const at = (...parts: readonly string[]): string => parts.map(part => `/${escaped(part)}`).join('')

/** Compiles parts of a document by their places in it. */
class Parts {
  private readonly ajv: Ajv
  private readonly compiled = new Map<string, ValidateFunction>()

  constructor(ajv: Ajv, document: object) {
    this.ajv = ajv
    ajv.addSchema(document, 'document')
  }

  /** Returns what is wrong with a value by the schema at this place; undefined if nothing is. */
  fault(value: unknown, ...place: readonly string[]): string | undefined {
    const reference = `document#${at(...place)}`
    let validate = this.compiled.get(reference)
    if (validate === undefined) {
      validate = this.ajv.compile({ $ref: reference })
      this.compiled.set(reference, validate)
    }
    return validate(value) ? undefined : this.ajv.errorsText(validate.errors).slice(0, 500)
  }
}

const LENIENT = { strict: false, allErrors: true, validateFormats: false } as const

interface Operation {
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: Readonly<Record<string, object>> }>>
}

/** An OpenAPI document as served, for answers to be held against. */
export class DescribedHttp {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  private readonly parts: Parts

  constructor(document: object) {
    this.paths = (document as { paths: DescribedHttp['paths'] }).paths
    this.parts = new Parts(new Ajv2020(LENIENT), document)
  }

  /** All operations, such as `get /v1/funds`. */
  get operations(): string[] {
    return Object.entries(this.paths).flatMap(([path, methods]) => Object.keys(methods).map(method => `${method} ${path}`))
  }

  /** Returns what is wrong with an answer by its description; undefined if nothing is. */
  async fault(operation: string, response: Response): Promise<string | undefined> {
    const [method, path] = operation.split(' ') as [string, string]
    const type = (response.headers.get('content-type') ?? '').split(';')[0]!
    const text = await response.text()
    const value = type.endsWith('json') ? JSON.parse(text) : text
    const { responses } = this.paths[path]![method]!
    const described = responses[response.status]
    if (response.status !== 200) {
      if (described === undefined && response.status < 500 && response.status !== 409)
        return `the status ${response.status} is not described: ${text}`
      if (type !== 'application/problem+json') return `found ${type}, expected problem details`
      return this.parts.fault(value, 'components', 'schemas', 'Problem')
    }
    if (described!.content?.[type] === undefined) return `the media type ${type} is not described`
    return this.parts.fault(value, 'paths', path, method, 'responses', '200', 'content', type, 'schema')
  }
}

interface Message {
  readonly payload: object
}

/** An AsyncAPI document as served, for frames to be held against. */
export class DescribedSocket {
  /** Messages that came, such as `ws/pingResult`, `fund/patch`. */
  readonly seen = new Set<string>()
  /** What was not as described. */
  readonly faults: string[] = []
  readonly channels: Readonly<Record<string, { readonly messages: Readonly<Record<string, Message>> }>>
  private readonly parts: Parts

  constructor(document: object) {
    this.channels = (document as { channels: DescribedSocket['channels'] }).channels
    this.parts = new Parts(new Ajv(LENIENT), document)
  }

  /** All messages that are described, as `seen` has them. */
  get messages(): string[] {
    return Object.entries(this.channels).flatMap(([channel, { messages }]) => Object.keys(messages).map(name => `${channel}/${name}`))
  }

  /** Holds all that a client sends and gets from now on against the description. */
  watch(client: ProtocolClient): void {
    const asked = new Map<unknown, string>()
    const send = client.send.bind(client)
    client.send = frame => {
      const { id, method } = JSON.parse(String(frame)) as { id: unknown; method: string }
      asked.set(id, method)
      send(frame)
    }
    client.ws.on('message', data => {
      const text = (data as Buffer).toString()
      const frame = JSON.parse(text) as Record<string, unknown>
      const [channel, message] =
        frame.jsonrpc === undefined ? pushed(frame) : ['ws', 'error' in frame ? 'error' : `${asked.get(frame.id)}Result`]
      this.hold(channel, message, frame)
    })
  }

  /** Holds one frame against the description of one message. */
  hold(channel: string, message: string, frame: object): void {
    const name = `${channel}/${message}`
    this.seen.add(name)
    const fault = this.fault(channel, message, frame)
    if (fault !== undefined && this.faults.length < 50) this.faults.push(`${name}: ${fault}: ${JSON.stringify(frame).slice(0, 400)}`)
  }

  /** Returns what is wrong with a frame by the description of a message; undefined if nothing is. */
  fault(channel: string, message: string, frame: object): string | undefined {
    if (this.channels[channel]?.messages[message] === undefined) return 'is not described'
    return this.parts.fault(frame, 'channels', channel, 'messages', message, 'payload')
  }
}

/** Returns the channel and the message that a push has to be. */
const pushed = (frame: Record<string, unknown>): [string, string] => {
  if ('hb' in frame) return ['ws', 'heartbeat']
  if ('bye' in frame) return ['ws', 'bye']
  if ('stale' in frame) return ['ws', 'stale']
  const kind = parseChannel(String(frame.ch))?.kind ?? String(frame.ch)
  const member = ['snap', 'd', 'h', 'rows'].find(name => name in frame)
  if (member === undefined) expect.fail(`a push that says nothing: ${JSON.stringify(frame)}`)
  return [kind, { snap: 'snapshot', d: 'patch', h: 'checksum', rows: 'rows' }[member]!]
}
