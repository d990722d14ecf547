import { z } from 'zod'
import { parseDecimal } from '../../streams/lib/decimal.ts'
import { isSymbol, NAME, NAME_FORM } from '../../streams/lib/names.ts'
import { AMOUNT_MAX, AMOUNT_TEXT_MAX } from '../../streams/wire/limits.ts'

/** The forms of single values that several parts of the configuration use. */

/** A name of a fund, an asset, a user and so on. */
export const name = z.string().regex(NAME, NAME_FORM)

/** Returns the schema of a map whose members have names. */
export const named = <T extends z.ZodType>(member: T) =>
  z.record(name, member, { error: ({ code }) => (code === 'invalid_key' ? NAME_FORM : undefined) })

/** A canonical symbol. */
export const symbol = z.string().refine(isSymbol, 'a symbol such as "BTC-USD"')

/** Returns the amount of a text, 10⁻¹⁸; undefined if it is too long, no decimal, or not below AMOUNT_MAX. */
const amountOf = (text: string): bigint | undefined => {
  const value = text.length > AMOUNT_TEXT_MAX ? undefined : parseDecimal(text)
  return value !== undefined && value < AMOUNT_MAX ? value : undefined
}

/** An amount, zero or more. Amounts are decimal strings, so that none passes through a float. */
export const amount = z
  .string()
  .refine(text => (amountOf(text) ?? -1n) >= 0n, 'a decimal string such as "100" or "0.5", below 10^30 and with at most 18 places')
  .describe('a decimal string below 10^30, at most 18 places')

/** An amount above zero. */
export const positive = amount.refine(text => (amountOf(text) ?? 1n) > 0n, 'a decimal string above zero')

/** A share of one, above zero. */
export const share = z.number().gt(0).max(1)

/** A time in milliseconds. */
export const ms = z.int().min(1)

/** Basis points of a whole. */
export const bps = z.int().min(0).max(10_000)

/** The readers of a channel. */
export const readers = z
  .union([z.literal('public'), z.array(name)], { error: '"public" or a list of names' })
  .describe('who reads it: everybody, or these users and the admin')

/** How long rows are kept. */
export const duration = z
  .string()
  .regex(/^\d+(s|m|h|d)$/, 'a duration such as "30d"')
  .describe('such as "12h" or "30d", counted from when a row was stored')

/** An origin as browsers write it (RFC 6454, 6.2): nothing but scheme, host in lower case and, if it is not the scheme's own, port. */
export const origin = z
  .string()
  .regex(
    /^[a-z][a-z\d+.-]*:\/\/(?:[^/?#@\sA-Z:[\]]+|\[[\da-f:.]+\])(?::\d{1,5})?$/,
    'an origin such as "https://desk.example", without a path',
  )
  .refine(text => !/^(http:.*:80|https:.*:443)$/.test(text), 'an origin without the port that its scheme has anyway')

/** The host of a request, with its port if it has one. */
export const host = z.string().regex(/^(?:[a-z\d.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/, 'a host such as "desk.example" or "desk.example:8443"')

/** A SHA-256. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 of 64 hexadecimal digits, lower case')
