import type { Context } from 'hono'
import { ProtocolError } from '../../../streams/wire/errors.ts'

/** The media type of the body, without its parameters, lower case; '' where none is said. */
export const typeOf = (c: Context): string => (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase()

/** The body as an object: of JSON, or of a form, whose members are all text. Throws Refusals. */
export const readBody = async (c: Context): Promise<Record<string, unknown>> => {
  const type = typeOf(c)
  const text = await c.req.text()
  if (type === 'application/x-www-form-urlencoded') {
    const members = new URLSearchParams(text)
    for (const name of members.keys())
      if (members.getAll(name).length > 1) throw new ProtocolError('invalid_params', `body.${name}: found more than one, expected one`)
    return Object.fromEntries(members)
  }
  if (type !== 'application/json' && type !== '')
    throw new ProtocolError(
      'unsupported_media_type',
      `content-type: found "${type}", expected application/json or application/x-www-form-urlencoded`,
    )
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
