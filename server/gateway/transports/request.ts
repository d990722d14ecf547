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
}

const HOST = /^(?:[\w.~-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/

/** No control characters, no blanks, nothing beyond ASCII (RFC 3986). */
const TARGET = /^[\x21-\x7e]+$/

/** Reads the head of a request. Throws a TypeError with the fault if the target or a header is not what HTTP allows. */
export const readHead = (incoming: Incoming): RequestHead => {
  const headers = new Headers()
  let hosts = 0
  for (const [name, value] of incoming.headers) {
    headers.append(name, value)
    if (name.toLowerCase() === 'host') hosts += 1
  }
  const host = headers.get('host')
  if (hosts > 1 || (host !== null && !HOST.test(host))) throw new TypeError('"Host" is not the name of one host')
  return { url: readUrl(incoming.target, `${incoming.secure ? 'https' : 'http'}://${host ?? 'localhost'}`), headers }
}

/** Puts the path behind the host as it is, so that no path can name another host ("//host/", "@host"). */
const readUrl = (target: string, origin: string): URL => {
  const text = target.startsWith('/') ? origin + target : target
  const url = TARGET.test(target) && URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new TypeError('the request target is not a path')
  url.hash = ''
  return url
}
