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
