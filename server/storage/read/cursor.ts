import { ProtocolError } from '../../../streams/wire/errors.ts'

/** Where the next page begins, as the client gets it: it is not meant to be read, and it may come back in any form. */
export const writeCursor = (...place: (number | string)[]): string => Buffer.from(JSON.stringify(place)).toString('base64url')

/** The place of a cursor, whose parts are of these types; undefined where there is no cursor. */
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
  if (!fits) throw new ProtocolError('invalid_params', 'cursor: found something else than the "next" of a page of the same channel')
  return place as unknown[]
}
