import { ProtocolError } from '../../../streams/wire/errors.ts'

/** Returns the place where the next page begins, as the client gets it: opaque to the client, and checked when it comes back. */
export const writeCursor = (...place: (number | string)[]): string => Buffer.from(JSON.stringify(place)).toString('base64url')

/** Reads a cursor whose parts are of these types; undefined if there is no cursor. Throws a ProtocolError if it has another form. */
export const readCursor = (cursor: string | undefined, ...types: ('number' | 'string')[]): unknown[] | undefined => {
  if (cursor === undefined) return undefined
  let place: unknown
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    place = undefined
  }
  const fits =
    Array.isArray(place) &&
    place.length === types.length &&
    place.every((part, i) => typeof part === types[i] && (typeof part === 'string' || Number.isSafeInteger(part)))
  if (!fits) throw new ProtocolError('invalid_params', 'cursor: found another text, expected the "next" of a page of the same channel')
  return place as unknown[]
}
