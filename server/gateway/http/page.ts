import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { packageRoot } from '../../lib/packageRoot.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The folders of the page's parts: its own files, and the built modules that it imports. */
const ROOTS: readonly (readonly [prefix: string, folder: string])[] = [
  ['/modules/', join(packageRoot(), 'dist')],
  ['/', join(packageRoot(), 'clients', 'page')],
]

/** Returns a file of the first page; undefined if there is none. Nothing outside the two folders can be named. */
export const pageFile = async (pathname: string): Promise<Response | undefined> => {
  const path = pathname === '/' ? '/index.html' : pathname
  const [prefix, folder] = ROOTS.find(([p]) => path.startsWith(p))!
  const name = normalize(path.slice(prefix.length))
  const type = TYPES[extname(name)]
  // Of the built modules the browser sees only the clients and what they share with the server.
  const hidden = prefix === '/modules/' && !/^(clients|streams)\//.test(name)
  if (type === undefined || name.startsWith('..') || name.includes('\0') || hidden) return undefined
  try {
    return new Response(await readFile(join(folder, name)), { headers: { 'content-type': type, 'cache-control': 'no-cache' } })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'EISDIR') return undefined
    throw error
  }
}
