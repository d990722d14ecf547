import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'

/** The system's Chromium, as a person would use it. */

const PATHS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a browser is; undefined if there is none. */
export const chromiumPath = PATHS.find((path): path is string => path !== undefined && existsSync(path))

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox', '--disable-gpu'] })

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** A window that notes what a person would not want to see in the console, and whom it speaks to. */
export class Visitor {
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: string[] = []
  /** Addresses of other hosts that were asked for. */
  readonly strangers: string[] = []
  /** Requests by HTTP. */
  private readonly requests = { begun: 0, open: 0 }
  readonly page: Page
  readonly url: string
  private readonly context: BrowserContext

  private constructor(page: Page, url: string) {
    this.page = page
    this.url = url
    this.context = page.context()
    page.on('console', message => {
      // A line that cannot be made, while the server is away, is said by the browser itself.
      if (['error', 'warning'].includes(message.type()) && !message.text().includes('ERR_CONNECTION_REFUSED'))
        this.complaints.push(`${message.text()} ${message.location().url}`)
    })
    page.on('pageerror', error => this.complaints.push(error.message))
    page.on('requestfinished', () => (this.requests.open -= 1))
    page.on('requestfailed', () => (this.requests.open -= 1))
    page.on('request', request => {
      this.requests.begun += 1
      this.requests.open += 1
      if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url())) this.strangers.push(request.url())
    })
  }

  static async come(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
    return new Visitor(await context.newPage(), url)
  }

  /** Opens a view, and waits until the line is live and a figure is there. */
  async open(path: string, figure?: string): Promise<void> {
    await this.page.goto(this.url + path)
    await this.page.locator('html[data-line=live]').waitFor()
    if (figure !== undefined) await this.figure(figure).waitFor()
  }

  /** A figure by its name and, if several have it, its channel. */
  figure(name: string, channel?: string) {
    return this.page.locator(`[data-fig="${name}"]${channel === undefined ? '' : `[data-ch="${channel}"]`}:not(.absent)`).first()
  }

  /** Goes on to another view without loading the document again, as a link does, and waits until all that it asks for has come. */
  async goOn(path: string): Promise<void> {
    await this.page.evaluate(to => {
      history.pushState(null, '', to)
      dispatchEvent(new PopStateEvent('popstate'))
    }, path)
    await this.page.locator('main :is(h1, h2)').first().waitFor()
    await this.settled()
  }

  /** Resolves when nothing has been asked for by HTTP for a while, and what came is drawn. */
  private async settled(): Promise<void> {
    for (let last = -1; last !== this.requests.begun || this.requests.open > 0; ) {
      last = this.requests.begun
      await this.page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve, 60))))
    }
  }

  /** What axe finds wrong with the view, by these rules or by all of them. */
  async violations(...rules: readonly string[]): Promise<string[]> {
    if (!(await this.page.evaluate(() => 'axe' in window))) await this.page.evaluate(axe)
    return this.page.evaluate(async runOnly => {
      type Axe = { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      const { violations } = await (window as unknown as { axe: Axe }).axe.run({
        resultTypes: ['violations'],
        ...(runOnly.length > 0 && { runOnly }),
      })
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 100)).join(' | ')}`)
    }, rules)
  }

  /** px by which the view is wider than its window. */
  tooWide(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  }

  /** Texts of a table's cells, row by row. */
  rows(label: string): Promise<string[][]> {
    return this.linesOf(label).evaluateAll(rows => rows.map(row => [...row.children].map(cell => cell.textContent ?? '')))
  }

  /** The same, once there is a row. */
  async someRows(label: string): Promise<string[][]> {
    await this.linesOf(label).first().waitFor()
    return this.rows(label)
  }

  private linesOf(label: string): Locator {
    return this.page.locator(`[role=table][aria-label="${label}"] [role=rowgroup] > [role=row]`)
  }

  async leave(): Promise<void> {
    await this.context.close()
  }
}
