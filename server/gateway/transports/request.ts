import { REQUEST_ID, requestIdOf } from './requestId.ts'

/** A request as it came in. */
export interface Incoming {
  readonly method: string
  /** As it stood on the request line. */
  readonly target: string
  /** In the order in which they came, one character a byte. */
  readonly headers: readonly (readonly [string, string])[]
  readonly secure: boolean
  readonly remoteAddress: string
}

/** The checked address and headers of a request. */
export interface RequestHead {
  readonly url: URL
  readonly headers: Headers
  /** Its name, in the logs and in the answer; also among its headers. */
  readonly id: string
}

const HOST = /^(?:[\w.~-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/

/** No control characters, no blanks, nothing beyond ASCII (RFC 3986). */
const TARGET = /^[\x21-\x7e]+$/

/** Reads the head of a request. Throws a TypeError with the fault if the target or a header is not what HTTP allows. */
export const readHead = (incoming: Incoming): RequestHead => {
  const headers = new Headers()
  let hosts = 0
  let lengths = 0
  for (const [name, value] of incoming.headers) {
    headers.append(name, value)
    const plain = name.toLowerCase()
    if (plain === 'host') hosts += 1
    if (plain === 'content-length') lengths += 1
  }
  const host = headers.get('host')
  if (hosts > 1 || (host !== null && !HOST.test(host))) throw new TypeError('"Host" is not the name of one host')
  // Even of the same value: a proxy in between may read them otherwise (RFC 9112, 6.3).
  if (lengths > 1) throw new TypeError('"Content-Length" is there more than once')
  const id = requestIdOf(headers)
  headers.set(REQUEST_ID, id)
  return { url: readUrl(incoming.target, `${incoming.secure ? 'https' : 'http'}://${host ?? 'localhost'}`), headers, id }
}

/** Puts the path behind the host as it is, so that no path can name another host ("//host/", "@host"). */
const readUrl = (target: string, origin: string): URL => {
  const text = target.startsWith('/') ? origin + target : target
  const url = TARGET.test(target) && URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new TypeError('the request target is not a path')
  url.hash = ''
  return url
}
