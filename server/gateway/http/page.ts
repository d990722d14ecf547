import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { packageRoot } from '../../lib/packageRoot.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The built dashboard. */
const ROOT = join(packageRoot(), 'dist', 'dashboard')

/** Paths of the dashboard's views: their settings are in the address, and the one page shows them all. */
const VIEWS = /^\/(|(funds|portfolios|pools|market|allocate|orders|operate|system|api|sign-in|embed)(\/.*)?)$/

/** Returns a file of the dashboard; undefined if there is none. Nothing outside its folder can be named. */
export const pageFile = async (pathname: string): Promise<Response | undefined> => {
  const name = VIEWS.test(pathname) ? 'index.html' : normalize(pathname.slice(1))
  const type = TYPES[extname(name)]
  if (type === undefined || name.startsWith('..') || name.includes('\0')) return undefined
  try {
    return new Response(await readFile(join(ROOT, name)), { headers: { 'content-type': type, 'cache-control': 'no-cache' } })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'EISDIR') return undefined
    throw error
  }
}
