import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wholeOf } from '../../clients/dashboard/src/format/decimal.ts'
import {
  amount,
  brief,
  compact,
  count,
  fixed,
  percent,
  placesOf,
  signed,
  signedPercent,
} from '../../clients/dashboard/src/format/number.ts'
import { PROXY_SLOTS } from '../../streams/contracts/proxy.ts'
import { codeWith, EVENTS, TOKEN } from '../../streams/contracts/test/code.ts'
import { swapV2, sync } from '../../streams/test/chain.ts'
import type { BacktestReport } from '../../streams/wire/answers/funds.ts'
import type { PoolQuote } from '../../streams/wire/answers/pools.ts'
import { CONTRACT_CHECKS } from '../../streams/wire/contractChecks.ts'
import { chromiumPath, openBrowser, Visitor } from './browser.ts'
import { ContractNode } from './contractNode.ts'
import { freePort } from './kit/freePort.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { State } from './protocolClient.ts'

const NOON = Date.UTC(2024, 7, 8, 12)
const ADMIN = 'a-token-of-the-operator'
const POOL = '0x00000000000000000000000000000000000000aa'

/** Ten minutes: a trade a second of three assets. */
const trades = (): string => {
  const lines = ['symbol,ts_ms,price,qty,trade_id,side']
  const prices = { BTC: 60_000, ETH: 2_500, SOL: 150 }
  for (let i = 0; i < 600; i++)
    for (const [asset, price] of Object.entries(prices))
      lines.push(
        `${asset}-USD,${NOON + 1_000 * i + 10},${(price * (1 + Math.sin(i / 40 + price) / 200)).toFixed(4)},0.5,${asset}${i},${i % 2 ? 'buy' : 'sell'}`,
      )
  return `${lines.join('\n')}\n`
}

const logs = (): string => {
  const [usd, eth] = [2_500n * 10n ** 12n, 10n ** 24n]
  const said = [sync(usd, eth), swapV2(10n ** 9n, 0n, 0n, 3n * 10n ** 17n), sync(usd + 10n ** 9n, eth - 3n * 10n ** 17n)]
  return `${said
    .map(({ topics, data }, i) =>
      JSON.stringify({
        address: POOL,
        topics,
        data,
        block_number: 100 + i,
        log_index: 0,
        block_timestamp: (NOON + 120_000 + 1_000 * i) / 1_000,
      }),
    )
    .join('\n')}\n`
}

const PROXY_ADDRESS = `0x${'a'.repeat(40)}`
const TOKEN_ADDRESS = `0x${'b'.repeat(40)}`
const node = new ContractNode()
Object.assign(node.contracts, {
  [PROXY_ADDRESS]: {
    code: codeWith({ forwards: true }),
    storage: { [PROXY_SLOTS.implementation]: `0x${'0'.repeat(24)}${'b'.repeat(40)}` },
  },
  [TOKEN_ADDRESS]: { code: codeWith({ functions: [...TOKEN, '40c10f19'], more: EVENTS }) },
})

const config = (chainNode: string): string =>
  JSON.stringify({
    chains: { here: { id: 1, node: chainNode } },
    funds: [
      {
        id: 'THREE',
        weighting: { scheme: 'fixed', weights: { BTC: 0.5, ETH: 0.3, SOL: 0.2 } },
        creationUnit: '100',
        rebalance: { mode: 'propose', assetThreshold: 0.02 },
      },
    ],
    portfolios: [
      {
        id: 'main',
        transactions: written(
          'main.csv',
          `t,type,asset,qty,price,account\n${NOON - 1_000},buy,BTC,2,50000,cold\n${NOON - 500},buy,ETH,-,-,\n`.replace(
            '-,-,\n',
            '10,2000,cold\n',
          ),
        ),
      },
    ],
    pools: [
      {
        id: 'P',
        kind: 'uniswap-v2',
        address: POOL,
        token0: { symbol: 'USDX', decimals: 6, asset: 'USD' },
        token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
      },
    ],
    feeds: [`replay:${written('trades.csv', trades())}`, `replay:${written('logs.ndjson', logs())}`],
  })

const serve = (port: number): DriftwireProcess =>
  new DriftwireProcess(
    ['serve', '--port', String(port), '--log-level', 'warn', '--speed', 'max', '--config', pathOf('config.json'), '--data', pathOf('data')],
    { DRIFTWIRE_ADMIN_TOKEN: ADMIN },
  )

// Without a browser there is nothing to test: `.ci/run` installs Debian's package `chromium`.
describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
  let server: DriftwireProcess
  let browser: Browser
  let url: string
  const state = (channel: string): Promise<State> => server.json(`/v1/state/${channel}`)

  beforeAll(async () => {
    written('config.json', config(await node.start()))
    // Not a port that is picked while listening: one of these cannot be taken again right after a kill.
    server = serve(await freePort())
    ;[browser] = await Promise.all([openBrowser(), server.replayed()])
    url = await server.url()
  })
  afterAll(async () => {
    await browser?.close()
    await node.stop()
  })
  /** The figures by name that a view shows of a channel, beside what they must read. */
  const expectFigures = async ({ page }: Visitor, channel: string, wanted: Readonly<Record<string, string>>): Promise<void> => {
    const shown = (): Promise<Record<string, string>> =>
      page.evaluate(
        ([ch, names]) =>
          Object.fromEntries(
            (names as string[]).map(name => [name, document.querySelector(`[data-fig="${name}"][data-ch="${ch}"]`)?.textContent ?? '']),
          ),
        [channel, Object.keys(wanted)] as const,
      )
    await expect.poll(shown).toEqual(wanted)
  }

  describe('shows the figures of the states that the server has', () => {
    let visitor: Visitor
    beforeAll(async () => {
      visitor = await Visitor.come(browser, url)
    })
    afterAll(async () => {
      expect([visitor.complaints, visitor.strangers]).toEqual([[], []])
      await visitor.leave()
    })

    it('of a fund, with its history to the last row', async () => {
      const s = await state('fund:THREE')
      await visitor.open('/funds/THREE', 'NAV per share')
      await expectFigures(visitor, 'fund:THREE', {
        'NAV per share': fixed(s.nav as number, 4),
        Assets: compact(s.aum as number),
        Shares: '10,000',
        'Total drift': percent(s.totalDrift as number, 3),
        'iNAV ask': fixed((s.inav as State).ask as number | undefined, 4),
      })
      const rows = await visitor.someRows('THREE composition')
      const by = (member: string, asset: string): number => (s[member] as Record<string, number>)[asset]!
      expect(rows.map(row => row.slice(0, 7)).sort()).toEqual(
        ['BTC', 'ETH', 'SOL'].map(asset => [
          asset,
          fixed(by('prices', asset), placesOf(by('prices', asset))),
          brief((s.units as Record<string, string>)[asset]),
          compact(by('weights', asset) * (s.aum as number)),
          percent(by('weights', asset)),
          percent(by('target', asset)),
          signedPercent(by('drift', asset), 3),
        ]),
      )
      await visitor.page.getByRole('group', { name: 'THREE NAV' }).getByRole('button', { name: 'Table' }).click()
      const newest = await visitor.someRows('THREE NAV, values')
      expect(newest[0]!.slice(0, 2)).toEqual(['2024-08-08 12:09:59 UTC', fixed(s.nav as number, 3)])
      expect(newest.length).toBeGreaterThan(5)
    })

    it('of a portfolio', async () => {
      const s = await state('pnl:main')
      await visitor.open('/portfolios/main', 'Value')
      await expectFigures(visitor, 'pnl:main', {
        Value: fixed(s.value as number),
        Gain: signed(s.total as number),
        Unrealised: signed(s.unrealised as number),
        Cost: fixed(s.cost as number),
      })
      const btc = (s.assets as Record<string, State>).BTC!
      expect((await visitor.someRows('main assets')).find(([asset]) => asset === 'BTC')!.slice(1, 5)).toEqual([
        '2.0000',
        fixed(btc.price as number, 2),
        fixed(btc.avg as number, 2),
        fixed(btc.value as number),
      ])
      await expect.poll(() => visitor.rows('main lots')).toHaveLength(2)
      expect(await visitor.someRows('main accounts')).toEqual([
        ['cold', 'BTC', '2.00000000'],
        ['cold', 'ETH', '10.00000000'],
      ])
    })

    it('of a pool, either way round, with its swaps', async () => {
      const s = await state('pool:P')
      const price = s.price as number
      await visitor.open('/pools/P', 'Liquidity')
      await expectFigures(visitor, 'pool:P', {
        'Price of token1 in token0': fixed(price, placesOf(price)),
        Liquidity: compact(s.tvl as number),
        'Trades 24 h': count(s.trades24h as number),
      })
      await expect.poll(() => visitor.rows('P swaps')).toHaveLength(1)
      await visitor.page.getByText('token0 in token1').click()
      await expectFigures(visitor, 'pool:P', { 'Price of token0 in token1': fixed(1 / price, placesOf(1 / price)) })
      expect(visitor.page.url()).toContain('way=token1')
      await visitor.page.getByLabel('Amount', { exact: true }).fill('1000')
      await visitor.page.getByRole('button', { name: 'Quote' }).click()
      const asked = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token: 'USDX', amountIn: '1000000000' }),
      }
      const quote = (await (await fetch(`${url}/v1/pools/P/quote`, asked)).json()) as PoolQuote
      await visitor.page.getByText(`${amount(wholeOf(quote.amountOut, 18))} WETH`, { exact: true }).waitFor()
      await visitor.page.getByText(percent(quote.priceImpact, 4), { exact: true }).waitFor()
    })

    it('of the market, and of all together', async () => {
      const s = await state('tick:BTC-USD')
      const day = s.day as Record<string, number>
      await visitor.open('/market/BTC-USD', 'Price')
      await expectFigures(visitor, 'tick:BTC-USD', {
        Price: fixed(s.price as number, 2),
        'High 24 h': fixed(day.high, 2),
        'Trades 24 h': count(day.n),
      })
      await expect.poll(async () => (await visitor.rows('BTC-USD trades'))[0]?.[0]).toBe('12:09:59.010')
      await visitor.page.getByRole('link', { name: 'Overview' }).click()
      await expectFigures(visitor, 'tick:BTC-USD', {
        Price: fixed(s.price as number, 2),
        'Change 24 h': signedPercent((s.price as number) / day.open! - 1),
      })
      await expectFigures(visitor, 'fund:THREE', { NAV: fixed((await state('fund:THREE')).nav as number, 4) })
    })

    it('of the server itself', async () => {
      await visitor.open('/system', 'Ticks')
      await expectFigures(visitor, 'status', { entries: count(((await state('status')).journal as State).entries as number) })
    })

    it('with their time, age and reason on focus', async () => {
      await visitor.open('/portfolios/main', 'Value')
      await visitor.figure('Value').focus()
      const tip = visitor.page.getByRole('tooltip')
      await expect.poll(() => tip.textContent()).toMatch(/pnl:main at 2024-08-08 12:\d\d:\d\d\.\d{3} UTCcame .* ago/)
      await visitor.open('/pools/P', 'Liquidity')
      await visitor.page.locator('[data-fig=Tick]').focus()
      await expect.poll(() => tip.textContent()).toContain('only pools of Uniswap v3 have one')
    })

    it('in an allocation, computed by the server', async () => {
      await visitor.open('/allocate?assets=BTC%2C70%2C100%0AETH%2C30%2C5&cap=0.6&capital=1000')
      await expect
        .poll(async () => (await visitor.rows('Allocation')).map(row => row.slice(0, 4)))
        .toEqual([
          ['BTC', percent(0.6), '600.00', '6.0000'],
          ['ETH', percent(0.4), '400.00', '80.0000'],
        ])
    })

    it('and what a route answers, where it is tried', async () => {
      await visitor.open('/api?open=get+%2Fv1%2Ffunds')
      await visitor.page.getByRole('button', { name: 'GET', exact: true }).click()
      await expect.poll(() => visitor.page.locator('.try pre').textContent()).toContain('"THREE"')
    })
  })

  describe('can be read by everybody', () => {
    const VIEWS = [
      '/',
      '/funds/THREE',
      '/portfolios/main',
      '/pools/P',
      '/market/ETH-USD',
      '/allocate',
      '/contract',
      `/contract/here/${TOKEN_ADDRESS}`,
      '/orders',
      '/operate',
      '/system',
      '/api',
      '/api/socket',
      '/sign-in',
      '/embed/funds/THREE',
    ]

    /** Rules that a theme or a width can break; the others depend on the markup alone. */
    const BY_LOOKS = ['color-contrast', 'target-size', 'region', 'scrollable-region-focusable', 'label', 'button-name', 'link-name']

    it('in the dark on a narrow screen, in the light on a wide one', async () => {
      const visitor = await Visitor.come(browser, url, { reducedMotion: 'reduce' })
      const look = async (colorScheme: 'dark' | 'light', width: number, rules: readonly string[]): Promise<string[]> => {
        await Promise.all([visitor.page.emulateMedia({ colorScheme }), visitor.page.setViewportSize({ width, height: 844 })])
        const faults = await visitor.violations(...rules)
        if ((await visitor.tooWide()) > 0) faults.push('wider than the window')
        return faults.map(fault => `${colorScheme}, ${width} px: ${fault}`)
      }
      const found: Record<string, unknown> = {}
      await visitor.open('/')
      for (const view of VIEWS) {
        await visitor.goOn(view)
        const faults = [...(await look('dark', 390, [])), ...(await look('light', 1_440, BY_LOOKS))]
        if (faults.length > 0) found[view] = faults
      }
      expect([found, visitor.complaints, visitor.strangers]).toEqual([{}, [], []])
      await visitor.leave()
    })
  })

  it('takes a client from an invitation to settled shares by the keyboard alone, beside an operator', async () => {
    const [client, operator] = [await Visitor.come(browser, url), await Visitor.come(browser, url)]
    const press = async (page: Page, ...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key)
    }
    /** Goes on with the tab key until this has the focus. */
    const tabTo = async (page: Page, name: RegExp): Promise<void> => {
      for (let i = 0; i < 120; i++) {
        await page.keyboard.press('Tab')
        const focused = await page.evaluate(() => {
          const at = document.activeElement as HTMLInputElement | null
          return at?.labels?.[0]?.textContent || at?.getAttribute('aria-label') || at?.textContent || ''
        })
        if (name.test(focused.trim())) return
      }
      throw new Error(`the tab key never came to ${name}`)
    }
    await client.open('/sign-in?way=register&to=/funds/THREE')
    await tabTo(client.page, /^Name/)
    await client.page.keyboard.type('ada')
    await press(client.page, 'Tab')
    await client.page.keyboard.type('a password of hers')
    await press(client.page, 'Enter')
    await client.page.getByText('whole multiples of 100').waitFor()

    await operator.open('/sign-in?way=token&to=/operate')
    await tabTo(operator.page, /^Token/)
    await operator.page.keyboard.type(ADMIN)
    await press(operator.page, 'Enter')
    for (const [asset, amount] of [
      ['BTC', '10'],
      ['ETH', '100'],
      ['SOL', '1000'],
    ]) {
      await operator.page.getByLabel('Client', { exact: true }).fill('ada')
      await operator.page.getByLabel('Asset', { exact: true }).fill(asset!)
      await operator.page.getByLabel('Amount').fill(amount!)
      await operator.page.getByLabel('Amount').press('Enter')
      await operator.page.getByText(`settled: deposit of ${fixed(Number(amount), 0)} ${asset} for ada`).waitFor()
    }

    const quote = await server.json<State>('/v1/funds/THREE/basket')
    await tabTo(client.page, /^Shares/)
    await press(client.page, 'Control+A')
    await client.page.keyboard.type('200')
    await expect.poll(async () => (await client.rows('Legs')).map(([asset]) => asset).sort()).toEqual(['BTC', 'ETH', 'SOL'])
    const legs = (quote.create as State).legs as unknown as { asset: string; amount: string }[]
    await expect
      .poll(async () =>
        Object.fromEntries((await client.rows('Legs')).map(([asset, gives]) => [asset, Number(gives!.replaceAll(',', ''))])),
      )
      .toEqual(Object.fromEntries(legs.map(({ asset, amount }) => [asset, Number(brief(String(2 * Number(amount))).replaceAll(',', ''))])))
    await tabTo(client.page, /^Review/)
    await press(client.page, 'Enter')
    await tabTo(client.page, /^Confirm: create 200 shares/)
    await press(client.page, 'Enter')
    await client.page
      .getByText('settled: create 200 shares of THREE', { exact: false })
      .or(client.page.getByText('Settled: create 200 shares of THREE'))
      .first()
      .waitFor()
    await tabTo(client.page, /^All orders/)
    await press(client.page, 'Enter')
    await expect.poll(async () => (await client.rows('Holdings')).find(([name]) => name === 'THREE')).toEqual(['THREE', 'shares', '200'])
    await expect.poll(async () => (await client.rows('Orders')).map(row => row.slice(2, 5))).toEqual([['create', 'THREE', '200']])
    // Her name, three deposits and the creation: a busy journal is read again every few seconds.
    await expect
      .poll(async () => (await operator.rows('Journal')).slice(0, 5).map(row => row[3]), { timeout: 10_000 })
      .toEqual(['create', 'deposit', 'deposit', 'deposit', 'register'])
    expect([client.complaints, operator.complaints]).toEqual([[], []])
    await Promise.all([client.leave(), operator.leave()])
  })

  it('runs a backtest of the allocation by what is stored, for those who are signed in', async () => {
    const visitor = await Visitor.come(browser, url)
    const question = '/allocate?assets=BTC%2C60000000%2C60000%0AETH%2C5000000%2C2500&cap=0.7&capital=1000&drift=0.001'
    await visitor.open(question)
    await visitor.page.getByText('it is for clients and operators').waitFor()
    await visitor.goOn('/sign-in?way=token&to=/allocate')
    await visitor.page.getByRole('textbox', { name: 'Token' }).fill(ADMIN)
    await visitor.page.getByRole('textbox', { name: 'Token' }).press('Enter')
    await visitor.page
      .getByText('You are signed in')
      .or(visitor.page.getByRole('heading', { name: 'Backtest' }))
      .first()
      .waitFor()
    await visitor.goOn(question)
    await visitor.page.getByRole('button', { name: 'Run' }).click()
    const response = await fetch(`${url}/v1/backtests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        fund: {
          weighting: { scheme: 'market-cap', count: 10, cap: 0.7 },
          initialShares: '10',
          rebalance: { assetThreshold: 0.001, feeBps: 10 },
        },
        supplies: { BTC: '1000', ETH: '2000' },
        from: NOON - 60_000,
        // The candle of the tenth minute has not ended.
        to: NOON + 600_000,
      }),
    })
    const report = (await response.json()) as BacktestReport
    expect(report.rebalances.length).toBeGreaterThan(0)
    await visitor.figure('Tracking difference').waitFor()
    const shown = await visitor.page
      .locator('dd [data-fig]')
      .evaluateAll(all => Object.fromEntries(all.map(one => [one.getAttribute('data-fig'), one.textContent])))
    expect(shown).toMatchObject({
      Rebalanced: signedPercent(report.navReturn),
      'Bought and held': signedPercent(report.heldReturn),
      Turnover: percent(report.turnover),
      Fees: fixed(report.fees),
      Rebalances: count(report.rebalances.length),
    })
    expect(visitor.complaints).toEqual([])
    await visitor.leave()
  })

  it('shows what the code of a contract says to those who are signed in, each check with its evidence', async () => {
    const visitor = await Visitor.come(browser, url)
    await visitor.open('/contract')
    await visitor.page.getByRole('textbox', { name: 'Chain' }).fill('here')
    await visitor.page.getByRole('textbox', { name: 'Address' }).fill(PROXY_ADDRESS)
    await visitor.page.getByRole('textbox', { name: 'Address' }).press('Enter')
    await visitor.page.getByText('this is for clients and operators').waitFor()
    await visitor.goOn(`/sign-in?way=token&to=/contract/here/${PROXY_ADDRESS}`)
    await visitor.page.getByRole('textbox', { name: 'Token' }).fill(ADMIN)
    await visitor.page.getByRole('textbox', { name: 'Token' }).press('Enter')
    const line = (check: string) => visitor.page.locator(`[data-check="${check}"] > *`).allTextContents()
    await visitor.page.locator('[data-check="proxy.eip1967"]').waitFor()
    expect(await line('proxy.eip1967')).toEqual(['yes', CONTRACT_CHECKS['proxy.eip1967'].title, `implementation = ${TOKEN_ADDRESS}`])
    expect(await line('privilege.mint')).toEqual(['yes', 'minting', 'mint(address,uint256) in 0xbbbb…bbbb'])
    expect(await line('privilege.pause')).toEqual(['unknown', 'pausing', 'no function of a known name; another name may do it'])
    const text = await visitor.page.locator('#main').textContent()
    expect(text).toContain(`block ${node.block} of here`)
    expect(text).toContain('To know before relying on it: ')
    expect(text).not.toMatch(/\bsafe\b/i)
    expect([await visitor.violations(), await visitor.tooWide(), visitor.complaints]).toEqual([[], 0, []])
    await visitor.page.setViewportSize({ width: 390, height: 844 })
    expect(await visitor.tooWide()).toBe(0)
    await visitor.leave()
  })

  it('says so when the line is lost, and goes on by itself when the server is back', async () => {
    const [visitor, other] = [await Visitor.come(browser, url), await Visitor.come(browser, url)]
    await visitor.open('/funds/THREE', 'NAV per share')
    await other.open('/', 'NAV')
    const nav = await visitor.figure('NAV per share').textContent()
    const [, port] = /:(\d+)$/.exec(url)!
    await server.end('SIGKILL')
    await visitor.page.getByText('Line lost (').waitFor()
    await expect
      .poll(() => visitor.page.locator('.banner').textContent())
      .toMatch(/The figures below are \d+(\.\d)? s old\. Connecting again/)
    expect(await visitor.figure('NAV per share').textContent()).toBe(nav)
    expect(await visitor.figure('NAV per share').evaluate(element => getComputedStyle(element).fontStyle)).toBe('italic')
    // A page whose file was not loaded yet.
    await other.page.getByRole('link', { name: 'main', exact: true }).first().click()
    await other.page.getByText('This page comes when the server is back.').waitFor()
    server = serve(Number(port))
    await server.printed()
    await visitor.page.locator('html[data-line=live]').waitFor()
    expect(await visitor.page.locator('.banner').count()).toBe(0)
    await expect.poll(() => visitor.figure('NAV per share').textContent(), { timeout: 15_000 }).toBe(nav)
    await other.figure('Value').waitFor()
    // What needs ClickHouse is refused until it has started, and asked again.
    const complaints = [...visitor.complaints, ...other.complaints].filter(text => !text.includes('status of 503'))
    expect(complaints).toEqual([])
    await Promise.all([visitor.leave(), other.leave()])
  })
})
