import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** The files of the dashboard, as a browser asks for them. */
export interface Pages {
  /** Returns the answer to a GET or HEAD; undefined if the path names no file and no view. */
  answer(request: Request): Promise<Response | undefined>
  /** Whether a path names a file or a view. */
  has(pathname: string): boolean
}

/** Paths of the dashboard's views: their settings are in the address, and the one page shows them all. */
const VIEWS =
  /^\/(|(funds|portfolios|pools|market|alerts|analytics|models|allocate|contract|orders|operate|system|api|sign-in|embed)(\/.*)?)$/
/** Views that other sites may show in a frame. */
const EMBEDDED = /^\/embed(\/|$)/
/** Files whose names change with their contents. */
const HASHED = /^\/assets\/.*-[\w-]{8,}\.\w+$/

/** The client for pages that are not built, and the element for one figure: other sites may import them, and speak to this server if `origins` lists them. */
const FOR_ALL = new Set(['/client.js', '/embed/number.js'])

const LOADED_BY_ALL = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}
/** Types that are compressed already. */
const DENSE = new Set(['.png', '.ico', '.woff2'])

/** Bytes of all files together: they lie in memory. */
const TOTAL_MAX = 32 * 1024 * 1024
/** A smaller file is sent as it is. */
const WORTH_COMPRESSING = 1024

/** Encodings in the order of preference, and how a body gets them. */
const ENCODERS = {
  br: (body: Uint8Array) => promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (body: Uint8Array) => promisify(gzip)(body, { level: 9 }),
} as const
type Encoding = keyof typeof ENCODERS
const ENCODINGS = Object.keys(ENCODERS) as Encoding[]

/** One file: its bytes, and their compressed forms, each made when it is first asked for. */
interface PageFile {
  readonly type: string
  readonly body: Uint8Array
  readonly digest: string
  readonly isDense: boolean
  readonly encoded: Map<Encoding, Promise<Uint8Array>>
}

/**
 * Reads the files below a folder, once; a folder that is not there has none. `origins` are sites that may show embedded views in a frame.
 * Throws an Error if the files are more than a dashboard is.
 */
export const openPages = async (folder: string, origins: readonly string[]): Promise<Pages> => {
  const files = await readFiles(folder)
  const index = files.get('/index.html')
  const fileAt = (pathname: string): PageFile | undefined => files.get(pathname) ?? (VIEWS.test(pathname) ? index : undefined)
  return {
    has: pathname => fileAt(pathname) !== undefined,
    async answer(request) {
      const url = new URL(request.url)
      const file = fileAt(url.pathname)
      if (file === undefined) return undefined
      const encoding = file.isDense ? undefined : encodingOf(request.headers.get('accept-encoding') ?? '')
      const etag = `"${file.digest}${encoding === undefined ? '' : `-${encoding}`}"`
      const headers = headersOf(url, file, etag, origins)
      if (isKnown(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })
      if (encoding !== undefined) headers['content-encoding'] = encoding
      return new Response((await bodyOf(file, encoding)) as Uint8Array<ArrayBuffer>, { headers })
    },
  }
}

const readFiles = async (folder: string): Promise<ReadonlyMap<string, PageFile>> => {
  const files = new Map<string, PageFile>()
  let total = 0
  for (const name of await namesIn(folder)) {
    const extension = extname(name)
    const type = TYPES[extension]
    if (type === undefined) continue
    const body = await readFile(join(folder, name))
    total += body.length
    if (total > TOTAL_MAX) throw new Error(`${folder}: found more than ${TOTAL_MAX} bytes, expected a dashboard`)
    files.set(`/${name.split(sep).join('/')}`, {
      type,
      body,
      digest: createHash('sha256').update(body).digest('base64url').slice(0, 22),
      isDense: DENSE.has(extension) || body.length < WORTH_COMPRESSING,
      encoded: new Map(),
    })
  }
  return files
}

/** Returns the files below a folder, by their paths from there; none if it is not there. */
const namesIn = async (folder: string): Promise<string[]> => {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const bodyOf = ({ body, encoded }: PageFile, encoding: Encoding | undefined): Promise<Uint8Array> | Uint8Array => {
  if (encoding === undefined) return body
  let made = encoded.get(encoding)
  if (made === undefined) {
    made = ENCODERS[encoding](body)
    encoded.set(encoding, made)
  }
  return made
}

const headersOf = (url: URL, { type }: PageFile, etag: string, origins: readonly string[]): Record<string, string> => {
  const common = { 'content-type': type, etag, vary: 'accept-encoding' }
  if (HASHED.test(url.pathname)) return { ...common, 'cache-control': 'public, max-age=31536000, immutable' }
  const headers = { ...common, 'cache-control': 'no-cache', ...(FOR_ALL.has(url.pathname) && LOADED_BY_ALL) }
  if (!type.startsWith('text/html')) return headers
  const isEmbedded = EMBEDDED.test(url.pathname)
  return {
    ...headers,
    'content-security-policy': policyOf(url, isEmbedded ? ["'self'", ...origins] : ["'none'"]),
    'referrer-policy': 'no-referrer',
    ...(!isEmbedded && { 'x-frame-options': 'DENY', 'cross-origin-opener-policy': 'same-origin' }),
  }
}

/** The page loads nothing and speaks to nobody but this server. */
const policyOf = ({ host }: URL, ancestors: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ws://${host} wss://${host}`,
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${ancestors.join(' ')}`,
  ].join('; ')

/** Returns the preferred encoding among those that a client takes. */
const encodingOf = (accepted: string): Encoding | undefined => {
  const taken = new Map(
    accepted.split(',').map(part => {
      const [name = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase())
      return [name, !parameters.some(parameter => /^q=0(\.0*)?$/.test(parameter))] as const
    }),
  )
  return ENCODINGS.find(encoding => taken.get(encoding) ?? taken.get('*') ?? false)
}

const isKnown = (ifNoneMatch: string | null, etag: string): boolean =>
  ifNoneMatch?.split(',').some(text => text.trim() === '*' || text.trim().replace(/^W\//, '') === etag) ?? false
