import { UsageError } from './options.ts'

/** One of the nodes that an address names. */
export interface RedisNode {
  readonly host: string
  readonly port: number
}

/** Where a Redis is, and how one is let in. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  /** The server itself, or some of its sentinels or of the cluster's nodes. */
  readonly nodes: readonly RedisNode[]
  /** What the sentinels call the server; '' without sentinels. */
  readonly name: string
  readonly tls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  /** The address without its password, for logs and messages. */
  readonly shown: string
}

const FORMS = 'redis://HOST:PORT, rediss://HOST:PORT, redis+sentinel://HOST:PORT,…/NAME or redis+cluster://HOST:PORT,…'
const URL_FORM = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#@]+)(?:\/([^?#]*))?$/
const NODE_FORM = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i
const PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 } as const

/**
 * Reads the address that the option has: `redis://`, `rediss://` with TLS, `redis+sentinel://` and `redis+cluster://`, each with
 * `USER:PASSWORD@` if need be. Throws UsageError, without what stands before an `@`.
 */
export const readRedisAddress = (option: string, text: string): RedisAddress => {
  const shown = text.replace(/\/\/.*@/, '//…@')
  const fault = (why: string): UsageError => new UsageError(`--${option}: found "${shown}", expected ${why}`)
  const form = URL_FORM.exec(text)
  if (form === null) throw fault(FORMS)
  const [, scheme, cluster, login, hosts, path = ''] = form
  const kind = (cluster ?? 'single') as RedisAddress['kind']
  const nodes = hosts!.split(',').map(host => nodeOf(host, PORTS[kind]))
  if (nodes.includes(undefined) || (kind === 'single' && nodes.length > 1)) throw fault(FORMS)
  if (kind === 'sentinel' && path === '') throw fault('the name by which the sentinels know the server: redis+sentinel://HOST:PORT,…/NAME')
  if (kind === 'cluster' && path !== '') throw fault('no number of a database: a cluster has only one')
  if (kind === 'single' && !/^\d{0,5}$/.test(path)) throw fault('the number of a database behind the port, or nothing')
  const [username, password] = loginOf(login, fault)
  return {
    kind,
    nodes: nodes as RedisNode[],
    name: kind === 'sentinel' ? decodeURIComponent(path) : '',
    tls: scheme === 'rediss',
    username,
    password,
    db: kind === 'single' ? Number(path) : 0,
    shown,
  }
}

const nodeOf = (text: string, byDefault: number): RedisNode | undefined => {
  const form = NODE_FORM.exec(text)
  if (form === null) return undefined
  const port = form[2] === undefined ? byDefault : Number(form[2])
  return port > 0 && port < 65_536 ? { host: form[1]!.replace(/^\[|\]$/g, ''), port } : undefined
}

const loginOf = (text: string | undefined, fault: (why: string) => UsageError): readonly [string | undefined, string | undefined] => {
  if (text === undefined || text === '') return [undefined, undefined]
  const colon = text.indexOf(':')
  try {
    const name = decodeURIComponent(colon < 0 ? text : text.slice(0, colon))
    return [name || undefined, colon < 0 ? undefined : decodeURIComponent(text.slice(colon + 1))]
  } catch {
    throw fault('user and password with % only as %25')
  }
}
