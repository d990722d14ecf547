import type { Context } from 'hono'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Parameter } from './route.ts'

/** Describes a parameter of the path. */
export const inPath = (name: string, description: string, schema: object = { type: 'string' }): Parameter => ({
  name,
  in: 'path',
  description,
  schema,
})

/** Describes a parameter of the query. */
export const inQuery = (name: string, description: string, schema: object): Parameter => ({ name, in: 'query', description, schema })

/** Describes a time in the query, ms. */
export const timeInQuery = (name: string, description: string): Parameter =>
  inQuery(name, description, { type: 'integer', minimum: 0, description: 'ms since the epoch' })

/** Describes a whole number in the query, from `minimum` to `maximum`. */
export const numberInQuery = (name: string, description: string, maximum: number, minimum = 0): Parameter =>
  inQuery(name, description, { type: 'integer', minimum, maximum })

/** The last ms that a date can hold. */
export const LAST_TIME = 8.64e15

/** Reads a time in the query, ms. Throws a ProtocolError. */
export const timeOf = (name: string, text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > LAST_TIME) throw new ProtocolError('invalid_params', `${name}: found "${text}", expected whole ms`)
  return value
}

/** The largest whole number in a query: fifteen digits. */
export const WHOLE_MAX = 999_999_999_999_999

/** Reads a whole number of the query. Throws a ProtocolError. */
export const wholeOf = (c: Context, name: string, otherwise: number, least: number, most: number): number => {
  const text = c.req.query(name)
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!/^-?\d{1,15}$/.test(text) || value < least || value > most)
    throw new ProtocolError('invalid_params', `${name}: found "${text.slice(0, 40)}", expected a whole number from ${least} to ${most}`)
  return value
}

/** Describes how many elements a page has at most. */
export const limitInQuery = (otherwise: number, maximum: number): Parameter =>
  numberInQuery('limit', `elements of one answer, ${otherwise} if left out`, maximum, 1)

/** Describes the cursor of a page. */
export const CURSOR = inQuery('cursor', '`next` of the page before', { type: 'string' })
