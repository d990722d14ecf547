import type { Context } from 'hono'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { problem } from '../transports/problem.ts'
import { JSON_TYPE } from './route.ts'

/** Answers with what is JSON already. */
export const jsonText = (c: Context, text: string): Response => c.body(text, 200, { 'content-type': JSON_TYPE })

/** Answers about the fund that the path names. If there is none, there is nothing at that path: 404, not 400. */
export const ofFund = async (c: Context, work: Promise<object>): Promise<Response> => {
  try {
    return c.json(await work)
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'unknown_fund') return problem(error, 404)
    throw error
  }
}
