import type { Context } from 'hono'
import { z } from 'zod'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { decoded, EncodingError } from '../../lib/blocks.ts'
import { type Body, JSON_TYPE } from './route.ts'

/** The media type of a form. */
const FORM = 'application/x-www-form-urlencoded'

/** The media type of a JSON value a line. */
export const NDJSON = 'application/x-ndjson'

/** Describes a body in JSON. */
export const json = (schema: z.ZodType): Body => ({ [JSON_TYPE]: schema })

/** Describes a body in JSON or as a form; every member is a text. */
export const jsonOrForm = (schema: z.ZodType): Body => ({ [JSON_TYPE]: schema, [FORM]: schema })

/** Describes a body whose lines are JSON of this form. */
export const lines = (schema: z.ZodType): Body => ({ [NDJSON]: schema })

/** The form of a body that is text. */
export const TEXT = z.string()

/** Returns the media type of the body, without its parameters, in lower case; '' if none is given. */
export const typeOf = (c: Context): string => (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase()

/** Throws a ProtocolError unless the body is of one of these media types. */
export const expectType = (c: Context, ...types: readonly string[]): void => {
  const type = typeOf(c)
  if (!types.includes(type))
    throw new ProtocolError('unsupported_media_type', `content-type: found "${type}", expected ${types.join(', ')}`)
}

/** How much of a body is read: to parse and to check it takes the time of the event loop, and all others wait. */
export interface Budget {
  readonly bytes: number
  /** Of members and elements. */
  readonly values: number
}

/** What a command needs. */
const SMALL: Budget = { bytes: 64 * 1024, values: 1_000 }

/** What a definition or a list needs. */
export const LARGE: Budget = { bytes: 1024 * 1024, values: 60_000 }

/** What rows of a portfolio need; the limit of all bodies holds as well. */
export const ROWS_BUDGET: Budget = { bytes: Number.POSITIVE_INFINITY, values: 200_000 }

/** Returns the body as text: UTF-8, or UTF-16 if it begins as such. Throws `invalid_params`, with the line, for other bytes, and `too_large`. */
export const bodyText = async (c: Context, maxBytes: number = Number.POSITIVE_INFINITY): Promise<string> => {
  const bytes = Buffer.from(await c.req.arrayBuffer())
  if (bytes.length > maxBytes) throw new ProtocolError('too_large', `body: found ${bytes.length} bytes, expected at most ${maxBytes}`)
  try {
    return decoded(bytes)
  } catch (error) {
    throw error instanceof EncodingError ? new ProtocolError('invalid_params', `body: ${error.message}`) : error
  }
}

/** Returns the body as an object: JSON, or a form, whose members are all text. Throws ProtocolErrors. */
export const readBody = async (c: Context, budget: Budget = SMALL): Promise<Record<string, unknown>> => {
  const type = typeOf(c)
  const text = await bodyText(c, budget.bytes)
  if (type === FORM) return readForm(text, budget)
  // Without a body there is nothing whose type could be missing.
  if (type !== JSON_TYPE && (type !== '' || text !== ''))
    throw new ProtocolError('unsupported_media_type', `content-type: found "${type}", expected ${JSON_TYPE} or ${FORM}`)
  spend(text, budget, ',', '[', '{')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ProtocolError('parse_error', 'the body is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProtocolError('invalid_params', 'body: expected an object')
  return value as Record<string, unknown>
}

/** Throws `too_large` if a text has more values than the budget allows, by the marks that stand before them; it reads no further than that. */
const spend = (text: string, { values }: Budget, ...marks: readonly string[]): void => {
  let left = values
  for (const mark of marks)
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
      left -= 1
      if (left < 0) throw new ProtocolError('too_large', `body: found more than ${values} values, expected fewer`)
    }
}

const readForm = (text: string, budget: Budget): Record<string, string> => {
  spend(text, budget, '&')
  const members = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(text)) {
    if (members.has(name)) throw new ProtocolError('invalid_params', `body.${name.slice(0, 40)}: found more than one, expected one`)
    members.set(name, value)
  }
  return Object.fromEntries(members)
}
