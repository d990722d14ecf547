import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { fund, newUser, PASSWORD, stateOnce } from './clearingKit.ts'
import { ClientProject } from './clientProject.ts'
import { ProtocolServer } from './protocolKit.ts'

/** The examples of the client package, run as a reader would run them. */

const examples = join(packageRoot(), 'clients', 'examples')
const CHROMIUM = '/usr/bin/chromium'

let server: ProtocolServer
let project: ClientProject
let site: Server
beforeAll(async () => {
  project = new ClientProject()
  for (const name of ['volatility.mjs', 'arbitrage.mjs']) project.file(name, readFileSync(join(examples, name), 'utf8'))
  site = createServer(({ url }, response) => {
    const page = readFileSync(join(examples, url === '/element' ? 'element.html' : 'number.html'), 'utf8')
    response
      .setHeader('content-type', 'text/html')
      .end(page.replace('http://127.0.0.1:8080/embed', `http://127.0.0.1:${server.port}/embed`))
  })
  await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
  server = await ProtocolServer.start({
    origins: [`http://127.0.0.1:${(site.address() as AddressInfo).port}`],
    funds: [
      { id: 'TOP10', weighting: { scheme: 'units', units: { BTC: '0.002' } }, market: 'TOP10-USD' },
      { id: 'OWN', weighting: { scheme: 'units', units: { BTC: '1' } }, read: ['reader'] },
    ],
    feeds: ['sim:7'],
  })
  await stateOnce(server, 'fund:TOP10', ({ premium }) => premium !== undefined)
}, 60_000)
afterAll(async () => {
  await server.stop()
  site.close()
  project.remove()
})

describe('an example', () => {
  it('computes how much a fund moves', async () => {
    const lines = await project.lines('volatility.mjs', 3, ['TOP10', `ws://127.0.0.1:${server.port}/ws`])
    for (const [i, line] of lines.entries()) expect(line).toMatch(new RegExp(`^TOP10 \\d+\\.\\d\\d % a year, by ${i + 1} values$`))
  }, 20_000)

  it('says why there is nothing to compute', async () => {
    const none = project.lines('volatility.mjs', 1, ['NONE', `ws://127.0.0.1:${server.port}/ws`])
    await expect(none).rejects.toThrow('volatility.mjs ended with 0: fund:NONE: there is no such channel')
  })

  it('creates a share where the market pays more for it than its basket costs, and redeems it where it pays less', async () => {
    await newUser(server, 'participant')
    await fund(server, 'participant', { BTC: '10' })
    const args = ['--user', 'participant', '--password', PASSWORD, '--url', `http://127.0.0.1:${server.port}`]
    // Any edge will do, so that it does not depend on what the market does.
    const lines = await project.lines('arbitrage.mjs', 2, [...args, '--edge=-1', '--orders', '2'])
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z (create|redeem) 1 TOP10: settled {2}edge -?[\d.e-]+$/)
    expect(lines[0]).toContain(' create ')
  }, 20_000)

  // Without a browser there is no page to open; .ci/run installs one.
  it.skipIf(!existsSync(CHROMIUM))(
    'shows one live number on a page of another site',
    async () => {
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
      try {
        const page = await browser.newPage()
        const errors: string[] = []
        page.on('console', message => message.type() === 'error' && errors.push(message.text()))
        page.on('pageerror', error => errors.push(error.message))
        await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/?server=http://127.0.0.1:${server.port}`)
        const shown = async (): Promise<string> => (await page.locator('#nav').textContent()) ?? ''
        await expect.poll(shown, { timeout: 10_000 }).toMatch(/^\d+\.\d{4}$/)
        const first = await shown()
        await expect.poll(shown, { timeout: 10_000 }).not.toBe(first)
        expect(errors.filter(text => !text.includes('favicon'))).toEqual([])
      } finally {
        await browser.close()
      }
    },
    30_000,
  )

  it.skipIf(!existsSync(CHROMIUM))(
    'shows figures by an element: with units and age, stale where the line is lost, and by login what not everybody reads',
    async () => {
      await newUser(server, 'reader')
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
      try {
        const page = await browser.newPage()
        const errors: string[] = []
        page.on('pageerror', error => errors.push(error.message))
        let away = false
        const lines: { close(): Promise<void> }[] = []
        await page.routeWebSocket(/\/ws/, line => {
          if (away) void line.close()
          else line.connectToServer()
          lines.push(line)
        })
        await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/element`)
        const text = (i: number, part: string) => page.locator(`driftwire-number >> nth=${i}`).locator(`[part=${part}]`).textContent()
        await expect.poll(() => text(0, 'value'), { timeout: 10_000 }).toMatch(/^\d+\.\d{4}$/)
        await expect.poll(() => text(1, 'value'), { timeout: 10_000 }).toMatch(/^−?\d+\.\d\d$/)
        expect([await text(0, 'units'), await text(1, 'units')]).toEqual(['USD', '%'])
        expect(await text(0, 'note')).toMatch(/^\d+\.\d s old$/)
        const first = await text(0, 'value')
        await expect.poll(() => text(0, 'value'), { timeout: 10_000 }).not.toBe(first)

        await page.evaluate(() => {
          document.body.innerHTML +=
            '<driftwire-number channel="fund:OWN" field="nav"></driftwire-number><driftwire-number channel="fund:TOP10" field="navv"></driftwire-number>'
        })
        await expect.poll(() => text(3, 'note'), { timeout: 10_000 }).toBe('fund:TOP10 has no navv')
        await expect.poll(() => text(2, 'note'), { timeout: 10_000 }).not.toContain('nothing has come yet')
        expect([await text(2, 'value'), await text(3, 'value')]).toEqual(['—', '—'])
        await page.evaluate(`customElements.get('driftwire-number').wire.login('reader', '${PASSWORD}')`)
        await expect.poll(() => text(2, 'value'), { timeout: 15_000 }).toMatch(/^\d{2},\d{3}\.\d\d$/)

        away = true
        for (const line of lines) await line.close()
        const stale = page.locator('driftwire-number[stale]')
        await expect.poll(() => stale.count(), { timeout: 10_000 }).toBe(4)
        await expect.poll(() => text(0, 'note'), { timeout: 10_000 }).toMatch(/^stale, [2-9]\.\d s old$/)
        away = false
        await expect.poll(() => stale.count(), { timeout: 30_000 }).toBe(0)
        expect(errors).toEqual([])
      } finally {
        await browser.close()
      }
    },
    90_000,
  )
})
