import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, openBrowser, Visitor } from './browser.ts'
import { freePort } from './kit/freePort.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'

const ADMIN = 'a-token-of-the-operator'
const AUDITOR = 'a-token-of-the-auditor'
const INVITATION = 'come in, we are open to you'
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

const config = {
  registration: 'invite',
  invites: [digest(INVITATION), digest('another')],
  tokens: [{ name: 'auditor', digest: digest(AUDITOR), scopes: ['audit'] }],
  funds: [{ id: 'BOTH', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } }, creationUnit: '10', read: 'public' }],
  feeds: ['sim:3'],
}

/** A certificate of the machine's own. */
const certificate = (): { readonly cert: string; readonly key: string } => {
  const [cert, key] = [written('cert.pem', ''), written('key.pem', '')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-days', '1']
  const files = ['-out', cert, '-keyout', key]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject, ...files], {
    stdio: 'ignore',
  })
  return { cert, key }
}

describe.skipIf(chromiumPath === undefined)('beyond loopback, where clients are invited', () => {
  let browser: Browser
  let url: string
  beforeAll(async () => {
    const { cert, key } = certificate()
    const port = await freePort()
    const server = new DriftwireProcess(
      // biome-ignore format: an option a line, with its value
      [
        'serve', '--host', '0.0.0.0', '--port', String(port), '--tls-cert', cert, '--tls-key', key,
        '--log-level', 'warn', '--config', written('config.json', JSON.stringify(config)), '--data', pathOf('data'),
      ],
      { DRIFTWIRE_ADMIN_TOKEN: ADMIN },
    )
    ;[browser] = await Promise.all([openBrowser(), server.printed()])
    url = `https://127.0.0.1:${port}`
  })
  afterAll(() => browser?.close())

  const come = (): Promise<Visitor> => Visitor.come(browser, url, { ignoreHTTPSErrors: true })
  const read = async ({ page }: Visitor, path: string, token?: string): Promise<unknown[]> => {
    const response = await page.request.get(url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
    return [response.status(), await response.json()]
  }

  it('one signs in through the page, is given deposits by the operator’s page, creates and redeems', async () => {
    const [client, operator] = [await come(), await come()]
    await operator.open('/sign-in?way=token&to=/operate')
    await operator.page.getByRole('textbox', { name: 'Token' }).fill(ADMIN)
    await operator.page.getByRole('textbox', { name: 'Token' }).press('Enter')
    await expect
      .poll(() => operator.rows('Invitations'))
      .toEqual([
        [digest(INVITATION).slice(0, 20), 'good once'],
        [digest('another').slice(0, 20), 'good once'],
      ])
    await operator.page.getByText('nobody has registered yet').waitFor()

    await client.open('/sign-in?way=register&to=/funds/BOTH')
    const enter = async (invitation: string): Promise<void> => {
      await client.page.getByLabel('Name').fill('ada')
      await client.page.getByLabel('Password').fill('a password of hers')
      await client.page.getByLabel('Invitation').fill(invitation)
      await client.page.getByLabel('Invitation').press('Enter')
    }
    await enter('let me in')
    await client.page.getByText('registration needs an invitation that has not been used').waitFor()
    await enter(INVITATION)
    await client.page.getByText('whole multiples of 10').waitFor()

    // She shows without the page being loaded again.
    await expect.poll(() => operator.rows('Clients'), { timeout: 10_000 }).toEqual([['ada', 'none', 'none']])
    await expect.poll(async () => (await operator.rows('Invitations'))[0]?.[1], { timeout: 10_000 }).toBe('used')
    for (const [asset, amount] of [
      ['BTC', '100'],
      ['ETH', '400'],
    ] as const) {
      await operator.page.getByLabel('Client', { exact: true }).fill('ada')
      await operator.page.getByLabel('Asset', { exact: true }).fill(asset)
      await operator.page.getByLabel('Amount').fill(amount)
      await operator.page.getByRole('button', { name: 'Book' }).click()
      await operator.page.getByText(`settled: deposit of ${amount} ${asset} for ada`).waitFor()
    }
    await expect.poll(() => operator.rows('Clients'), { timeout: 10_000 }).toEqual([['ada', '100 BTC · 400 ETH', 'none']])

    const order = async (side: 'create' | 'redeem', shares: string): Promise<void> => {
      await client.page
        .locator('.choices label', { hasText: new RegExp(side, 'i') })
        .first()
        .click()
      await client.page.getByLabel('Shares').fill(shares)
      await client.page.getByRole('button', { name: 'Review' }).click()
      await client.page.getByRole('button', { name: `Confirm: ${side} ${shares} shares` }).click()
      await client.page
        .getByText(new RegExp(`settled: ${side} ${shares} shares of BOTH`, 'i'))
        .first()
        .waitFor()
    }
    await order('create', '100')
    await client.page.getByRole('button', { name: 'Another order' }).click()
    await order('redeem', '40')
    await expect.poll(() => operator.rows('Clients'), { timeout: 10_000 }).toEqual([['ada', '70 BTC · 280 ETH', '60 BOTH']])
    await client.goOn('/orders')
    await expect
      .poll(async () => (await client.rows('Orders')).map(row => row.slice(2, 5)))
      .toEqual([
        ['redeem', 'BOTH', '40'],
        ['create', 'BOTH', '100'],
      ])
    // The page asks the past of the fund from the start on; ClickHouse comes later.
    const complaints = [...client.complaints, ...operator.complaints].filter(text => !text.includes('status of 503'))
    expect(complaints).toEqual([])
    await Promise.all([client.leave(), operator.leave()])
  })

  it('the operator’s page makes an invitation that the configuration can take', async () => {
    const operator = await come()
    await operator.open('/sign-in?way=token&to=/operate')
    await operator.page.getByRole('textbox', { name: 'Token' }).fill(ADMIN)
    await operator.page.getByRole('textbox', { name: 'Token' }).press('Enter')
    await operator.page.getByRole('button', { name: 'Make an invitation' }).click()
    await operator.page.locator('.whole').first().waitFor()
    const [invitation, shown] = await operator.page.locator('.whole').allTextContents()
    expect([invitation!.length, shown]).toEqual([32, digest(invitation!)])
    await operator.leave()
  })

  it('who there is, and which invitations are used, is shown to those who may know', async () => {
    const visitor = await come()
    expect(await read(visitor, '/v1/admin/clients?limit=1', ADMIN)).toEqual([
      200,
      { clients: [expect.objectContaining({ username: 'ada' })], next: 'ada' },
    ])
    expect(await read(visitor, '/v1/admin/clients?after=ada', ADMIN)).toEqual([200, { clients: [] }])
    const { clients, ...wrong } = (await read(visitor, '/v1/admin/clients?after=%20', ADMIN))[1] as Record<string, unknown>
    expect([clients, wrong.detail]).toEqual([undefined, 'after: found " ", expected a name'])
    for (const [token, code] of [
      [undefined, 'not_logged_in'],
      [AUDITOR, 'not_allowed'],
    ] as const)
      for (const path of ['/v1/admin/clients', '/v1/admin/invitations'])
        expect((await read(visitor, path, token))[1]).toMatchObject({ code })
    await visitor.leave()
  })
})
