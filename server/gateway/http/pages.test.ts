import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPages, type Pages } from './pages.ts'

const folder = mkdtempSync(join(tmpdir(), 'pages-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FILES = {
  'index.html': `<!doctype html><p>${'the dashboard '.repeat(200)}`,
  'icon.svg': '<svg/>',
  'client.js': 'export const connect = () => {}',
  'embed/number.js': 'customElements',
  'assets/index-B1x_2y-Z.js': `console.log(${JSON.stringify('x'.repeat(5000))})`,
  'assets/plain.css': 'p {}',
  'assets/index-B1x_2y-Z.js.map': '{}',
  'notes.txt': 'not for browsers',
}

let pages: Pages
beforeAll(async () => {
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  pages = await openPages(folder, ['https://blog.example.org'])
})

const get = (path: string, headers: Record<string, string> = {}) =>
  pages.answer(new Request(`http://wire.example:8080${path}`, { headers }))

describe('the files of the dashboard', () => {
  it.each([
    ['/', 'index.html'],
    ['/index.html', 'index.html'],
    ['/funds/TOP10', 'index.html'],
    ['/embed/funds/TOP10', 'index.html'],
    ['/sign-in', 'index.html'],
    ['/assets/index-B1x_2y-Z.js', 'assets/index-B1x_2y-Z.js'],
    ['/icon.svg', 'icon.svg'],
  ] as const)('%s is %s', async (path, file) => {
    const response = await get(path)
    expect(response?.status).toBe(200)
    expect(await response!.text()).toBe(FILES[file])
    expect(pages.has(path)).toBe(true)
  })

  it.each([
    '/nothing',
    '/fundsX',
    '/assets/',
    '/assets/none.js',
    '/notes.txt',
    '/assets/index-B1x_2y-Z.js.map',
    '/../pages.ts',
    '/..%2fpages.ts',
    '//',
    '/__proto__',
  ])('%s is none', async path => {
    expect(await get(path)).toBeUndefined()
    expect(pages.has(new URL(`http://h${path}`).pathname)).toBe(false)
  })

  it('may be kept for ever if their names change with them, and are asked for again otherwise', async () => {
    const control = async (path: string) => (await get(path))!.headers.get('cache-control')
    expect(await control('/assets/index-B1x_2y-Z.js')).toBe('public, max-age=31536000, immutable')
    for (const path of ['/', '/funds/TOP10', '/icon.svg', '/assets/plain.css']) expect(await control(path)).toBe('no-cache')
  })

  it('are for this site only, but for the client and the element that other sites import', async () => {
    const allowed = async (path: string) => (await get(path))!.headers.get('access-control-allow-origin')
    for (const path of ['/', '/icon.svg', '/assets/plain.css']) expect(await allowed(path)).toBe(null)
    for (const path of ['/client.js', '/embed/number.js']) expect(await allowed(path)).toBe('*')
  })

  it('are not sent again to those that have them', async () => {
    for (const path of ['/', '/assets/index-B1x_2y-Z.js']) {
      const etag = (await get(path))!.headers.get('etag')!
      expect(etag).toMatch(/^"[\w-]+"$/)
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await get(path, { 'if-none-match': known })
        expect([again!.status, again!.headers.get('etag'), await again!.text()]).toEqual([304, etag, ''])
      }
      expect((await get(path, { 'if-none-match': '"other"' }))!.status).toBe(200)
      const compressed = (await get(path, { 'accept-encoding': 'br' }))!.headers.get('etag')!
      expect(compressed).not.toBe(etag)
      expect((await get(path, { 'if-none-match': etag, 'accept-encoding': 'br' }))!.status).toBe(200)
    }
  })

  it.each([
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['*', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0.0, *;q=0', null],
    ['deflate', null],
    ['', null],
  ])('are compressed as "%s" allows: %s', async (accepted, encoding) => {
    const response = (await get('/', { 'accept-encoding': accepted }))!
    expect([response.headers.get('content-encoding'), response.headers.get('vary')]).toEqual([encoding, 'accept-encoding'])
    const body = Buffer.from(await response.arrayBuffer())
    const text = encoding === 'br' ? brotliDecompressSync(body) : encoding === 'gzip' ? gunzipSync(body) : body
    expect(text.toString()).toBe(FILES['index.html'])
    if (encoding !== null) expect(body.length).toBeLessThan(FILES['index.html'].length / 5)
    expect((await get('/icon.svg', { 'accept-encoding': accepted }))!.headers.get('content-encoding')).toBeNull()
  })

  it('load nothing and speak to nobody but the server', async () => {
    const policy = Object.fromEntries(
      (await get('/'))!.headers
        .get('content-security-policy')!
        .split('; ')
        .map(part => [part.slice(0, part.indexOf(' ')), part.slice(part.indexOf(' ') + 1)]),
    )
    expect(policy).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' data:",
      'font-src': "'self'",
      'connect-src': "'self' ws://wire.example:8080 wss://wire.example:8080",
      'base-uri': "'none'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
    })
  })

  it('stand in frames of other sites only if these are listed and the view is made for it', async () => {
    const ancestors = async (path: string) => {
      const { headers } = (await get(path))!
      return [/frame-ancestors (.*)$/.exec(headers.get('content-security-policy')!)![1], headers.get('x-frame-options')]
    }
    for (const path of ['/', '/funds/embed', '/index.html']) expect(await ancestors(path)).toEqual(["'none'", 'DENY'])
    for (const path of ['/embed/funds/TOP10', '/embed']) expect(await ancestors(path)).toEqual(["'self' https://blog.example.org", null])
  })

  it('are none if there is no such folder', async () => {
    const none = await openPages(join(folder, 'missing'), [])
    expect([none.has('/'), await none.answer(new Request('http://h/'))]).toEqual([false, undefined])
  })
})
