import type { z } from 'zod'
import { formatDecimal } from '../lib/decimal.ts'
import { ProtocolError } from './errors.ts'

/** Checks a value. Throws a ProtocolError, `invalid_params`, that says where in `root`, what was found and what was expected. */
export const checked = <T>(schema: z.ZodType<T>, value: unknown, root: string): T => {
  const result = schema.safeParse(value, { reportInput: true })
  if (!result.success) throw new ProtocolError('invalid_params', explain(result.error, root))
  return result.data
}

/** Members whose values no error repeats. */
const SECRET = new Set(['password', 'passwordHash', 'token', 'invite'])

/** Returns the first thing wrong in one line: where, what was found, what was expected. */
export const explain = (error: z.ZodError, root: string): string => {
  const issue = error.issues[0]
  if (issue === undefined) return root
  const path = [root, ...issue.path.map(String)].filter(Boolean).join('.')
  const secret = SECRET.has(String(issue.path.at(-1)))
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${path}: found "${issue.keys.join('", "')}", which is not known here`
    case 'invalid_type':
      return `${path}: found ${secret && issue.input !== undefined ? 'something else' : kindOf(issue.input)}, expected ${issue.expected}`
    default:
      return `${path}: found ${secret ? 'another' : shortly(foundBy(issue))}, expected ${issue.message.replace(/^(?:(?:Invalid|Too) \w+: )?(?:expected )?/, '')}`
  }
}

/** Returns the value at the path of an issue. An unknown kind is an issue of the member that names it, but holds the whole object. */
const foundBy = (issue: z.core.$ZodIssue): unknown =>
  issue.code === 'invalid_union' && issue.discriminator !== undefined ? Object(issue.input)[issue.discriminator] : issue.input

/** Names what was found, for an error text: the kind of a structure, the value itself if it is short. */
export const kindOf = (value: unknown): string =>
  value === undefined
    ? 'nothing'
    : value === null
      ? 'null'
      : Array.isArray(value)
        ? 'an array'
        : typeof value === 'object'
          ? 'an object'
          : shortly(value)

const shortly = (value: unknown): string => {
  // A value that was read already may hold amounts, for which JSON has no form.
  const text = JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? formatDecimal(member) : member)) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
