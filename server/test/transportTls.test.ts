import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, expect, it, vi } from 'vitest'
import { Client, overTransports, servers } from './transportKit.ts'

const folder = mkdtempSync(join(tmpdir(), 'driftwire-tls-'))
const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a certificate and its key. Returns whether that is possible here. */
const certify = (name: string, days: number): boolean => {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', String(days)]
  const files = ['-keyout', tls.key, '-out', tls.cert]
  try {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject, ...files], {
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}
const certified = certify('localhost', 2)

/** The name in the certificate that a new connection gets. */
const nameServed = async (port: number): Promise<string> => {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN as string
}

overTransports(`TLS${certified ? '' : ' (skipped: openssl is not installed)'}`, kind => {
  const serve = servers(kind)

  it.skipIf(!certified)('carries websockets, in order', async () => {
    const seen: string[] = []
    const served = await serve(
      {
        upgrade: request => {
          seen.push(request.url.protocol)
          return { accept: { origin: null } }
        },
      },
      { tls, maxBackpressure: 100_000_000 },
    )
    const client = new Client(`wss://127.0.0.1:${served.port}/ws`, { ca: readFileSync(tls.cert) })
    await client.open
    const socket = await served.opened.next()
    socket.subscribe('x')
    const expected = Array.from({ length: 600 }, (_, i) => `${i}:${'x'.repeat((i * i) % 30_000)}`)
    expected.forEach((text, i) => {
      if (i % 3) served.transport.publish('x', Buffer.from(text))
      else socket.send(text)
    })
    expect(await client.messages.take(600)).toEqual(expected)
    socket.close(4000, 'done')
    expect(await client.closed).toEqual({ code: 4000, reason: 'done' })
    expect(seen).toEqual(['https:'])
  })

  it.skipIf(!certified)('carries HTTP, up and down', async () => {
    const served = await serve({ http: async asked => new Response((await asked.text()) + new URL(asked.url).protocol) }, { tls })
    const req = request({ port: served.port, host: '127.0.0.1', method: 'POST', ca: readFileSync(tls.cert) })
    req.end('x'.repeat(5_000_000))
    const [res] = await once(req, 'response')
    let text = ''
    for await (const chunk of res) text += chunk
    expect([res.statusCode, text.length, text.slice(-6)]).toEqual([200, 5_000_006, 'https:'])
  })

  it.skipIf(!certified)('closes a client that speaks plain text, and goes on', async () => {
    const served = await serve({}, { tls })
    const raw = served.raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await raw.all).not.toMatch(/200/)
    const client = new Client(`wss://127.0.0.1:${served.port}/ws`, { ca: readFileSync(tls.cert) })
    await client.open
  })

  // Without openssl there is no second certificate.
  it.skipIf(!certified)('takes a new certificate without a restart, and keeps the old one as long as the new one is none', async () => {
    certify('first', 2)
    const served = await serve({}, { tls: { ...tls, checkMs: 3_600_000 } })
    const { keyPair } = served.transport
    const before = new Client(`wss://127.0.0.1:${served.port}/ws`, { ca: readFileSync(tls.cert) })
    await before.open
    const socket = await served.opened.next()
    socket.subscribe('x')
    expect(await nameServed(served.port)).toBe('first')

    const key = readFileSync(tls.key)
    certify('second', 5)
    const second = readFileSync(tls.key)
    // As long as only one of the two files is new.
    writeFileSync(tls.key, key)
    keyPair!.check()
    keyPair!.check()
    expect(await nameServed(served.port)).toBe('first')
    expect(served.logged.map(({ msg }) => msg)).toEqual(['the new certificate and key cannot be used; the old ones stay'])
    writeFileSync(tls.key, second)
    keyPair!.check()
    await vi.waitFor(async () => expect(await nameServed(served.port)).toBe('second'))
    expect(keyPair!.figures).toMatchObject({ renewed: 1, failed: 1 })
    expect(keyPair!.figures.expires - Date.now()).toBeGreaterThan(4 * 86_400_000)

    // Connections of before stay, and get what those of after get.
    const after = new Client(`wss://127.0.0.1:${served.port}/ws`, { ca: readFileSync(tls.cert) })
    await after.open
    const other = await served.opened.next()
    other.subscribe('x')
    served.transport.publish('x', Buffer.from('for both'))
    expect([await before.messages.next(), await after.messages.next()]).toEqual(['for both', 'for both'])
    before.ws.close()
    await before.closed
    certify('third', 2)
    keyPair!.check()
    await vi.waitFor(async () => expect(await nameServed(served.port)).toBe('third'))
    other.send('still there')
    expect(await after.messages.next()).toBe('still there')
  })

  // Without openssl there is no second certificate.
  it.skipIf(!certified)('looks at the files by itself', async () => {
    certify('early', 2)
    const served = await serve({}, { tls: { ...tls, checkMs: 20 } })
    expect(await nameServed(served.port)).toBe('early')
    certify('late', 2)
    await vi.waitFor(async () => expect(await nameServed(served.port)).toBe('late'), { timeout: 5_000 })
  })

  it.skipIf(!certified)('is refused at the start if the files are not what they should be', async () => {
    const none = join(folder, 'none.pem')
    const text = join(folder, 'text.pem')
    writeFileSync(text, 'no certificate')
    await expect(serve({}, { tls: { ...tls, key: none } })).rejects.toThrow(`${none}: expected a readable file (ENOENT)`)
    await expect(serve({}, { tls: { ...tls, cert: text } })).rejects.toThrow(`${text} and ${tls.key}: expected a certificate`)
  })
})
