import { randomUUID } from 'node:crypto'

/** The header that names a request, in the request and in its answer. */
export const REQUEST_ID = 'x-request-id'

const FORM = /^[\w.:/+=-]{1,128}$/

/** Returns the name that a request gives itself, so that a proxy's log and this one's can be put together; a new one if it has none of this form. */
export const requestIdOf = (headers: Headers): string => {
  const given = headers.get(REQUEST_ID)
  return given !== null && FORM.test(given) ? given : randomUUID()
}
