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

/** Returns the body as text: UTF-8, or UTF-16 if it begins as such. Throws `invalid_params`, with the line, for other bytes. */
export const bodyText = async (c: Context): Promise<string> => {
  try {
    return decoded(Buffer.from(await c.req.arrayBuffer()))
  } catch (error) {
    throw error instanceof EncodingError ? new ProtocolError('invalid_params', `body: ${error.message}`) : error
  }
}

/** Returns the body as an object: JSON, or a form, whose members are all text. Throws ProtocolErrors. */
export const readBody = async (c: Context): Promise<Record<string, unknown>> => {
  const type = typeOf(c)
  const text = await bodyText(c)
  if (type === FORM) return readForm(text)
  // Without a body there is nothing whose type could be missing.
  if (type !== JSON_TYPE && (type !== '' || text !== ''))
    throw new ProtocolError('unsupported_media_type', `content-type: found "${type}", expected ${JSON_TYPE} or ${FORM}`)
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

const readForm = (text: string): Record<string, string> => {
  const members = new URLSearchParams(text)
  for (const name of members.keys())
    if (members.getAll(name).length > 1) throw new ProtocolError('invalid_params', `body.${name}: found more than one, expected one`)
  return Object.fromEntries(members)
}
