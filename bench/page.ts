import { existsSync } from 'node:fs'
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core'
import { chartPage } from './pageChart.ts'
import { startReplaying } from './pageServer.ts'
import { traced } from './pageTrace.ts'
import { type Figure, print } from './report.ts'

/** What the dashboard costs the browser, by traces of Chromium. With `--quick` the heap is watched for half a minute only. */

const ROUNDS = 5
const SYMBOLS = 200
const FRAME_MS = 20
/** ms of one trace. */
const TRACED_MS = 5_000
/** ms for which the heap is watched. */
const WATCHED_MS = process.argv.includes('--quick') ? 30_000 : 300_000
/** ms of a recording: longer than all takes. */
const RECORDED_MS = WATCHED_MS + 180_000
/** High enough for all rows, and of a usual screen. */
const [HIGH, USUAL] = [6_500, 1_080]
const POINTS = 10_000
/** Readings of the heap. */
const LOOKS = 5

/** Returns the ms from opening the page to the first price on it. */
const firstFigure = async (browser: Browser, url: string): Promise<number> => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'commit' })
  const seen = await page.waitForFunction(() => {
    const rows = [...document.querySelectorAll('[role=row], tr')]
    return rows.some(row => /-USD/.test(row.textContent ?? '') && /\d\.\d/.test(row.textContent ?? '')) ? performance.now() : false
  })
  const ms = (await seen.jsonValue()) as number
  await context.close()
  return ms
}

/** Opens the overview in a window of this height, scrolled to the market. In the high one the table is as high as its rows, so that all are seen. */
const overview = async (browser: Browser, url: string, height: number): Promise<Page> => {
  const page = await browser.newPage({ viewport: { width: 1440, height } })
  await page.goto(url)
  const market = page.locator('[role=table]').last()
  await market.waitFor()
  await market.scrollIntoViewIfNeeded()
  if (height === HIGH) {
    await page.evaluate(() => {
      for (const port of document.querySelectorAll<HTMLElement>('.port')) port.style.maxHeight = 'none'
    })
    await page.waitForFunction(count => document.body.textContent.split('-USD').length > count, SYMBOLS)
  }
  return page
}

const figure = (what: string, unit: string): Figure & { rounds: number[] } => ({ what, unit, rounds: [] })

const opening = figure('from opening to the first price on the screen', 'ms')
const perFrame = figure(`CPU of the main thread a drawn frame, ${SYMBOLS} rows`, 'ms')
const drawn = figure('frames drawn', 'a second')
const perSecond = figure('CPU of the main thread', 'ms a second')
const longest = figure('the longest task', 'ms of CPU')
const usualFrame = figure(`CPU a drawn frame, a window of ${USUAL} px`, 'ms')
const usualSecond = figure('CPU of the main thread then', 'ms a second')
const chart = figure(`CPU a redraw of a chart of ${POINTS.toLocaleString('en')} points`, 'ms')
const heap = figure(`heap after a collection, at the beginning and ${LOOKS} times in ${WATCHED_MS / 60_000} min`, 'MiB')

const heapOf = async (collector: CDPSession): Promise<number> => {
  await collector.send('HeapProfiler.collectGarbage')
  return (await collector.send('Runtime.getHeapUsage')).usedSize / 2 ** 20
}

const traceTables = async (browser: Browser, url: string): Promise<Page> => {
  const usual = await overview(browser, url, USUAL)
  for (let i = 0; i < ROUNDS; i++) {
    const { frames, total } = await traced(browser, usual, TRACED_MS)
    usualFrame.rounds.push(total / frames)
    usualSecond.rounds.push((total * 1000) / TRACED_MS)
  }
  await usual.close()
  const page = await overview(browser, url, HIGH)
  for (let i = 0; i < ROUNDS; i++) {
    const { tasks, frames, total } = await traced(browser, page, TRACED_MS)
    perFrame.rounds.push(total / frames)
    drawn.rounds.push((frames * 1000) / TRACED_MS)
    perSecond.rounds.push((total * 1000) / TRACED_MS)
    longest.rounds.push(Math.max(...tasks))
  }
  return page
}

const traceChart = async (browser: Browser, url: string): Promise<void> => {
  const page = await chartPage(browser, url, POINTS)
  for (let i = 0; i < ROUNDS; i++) {
    const { frames, total } = await traced(browser, page, TRACED_MS / 2)
    chart.rounds.push(total / frames)
  }
  await page.context().close()
}

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
if (!existsSync(executablePath)) {
  print({ name: 'page', method: `Left out: there is no Chromium at ${executablePath}; CHROMIUM says where it is.`, figures: [] })
  process.exit()
}
const { url, stop } = await startReplaying(SYMBOLS, FRAME_MS, RECORDED_MS)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
await firstFigure(browser, url) // the server reads its files, the browser starts its processes
for (let i = 0; i < ROUNDS; i++) opening.rounds.push(await firstFigure(browser, url))
await traceChart(browser, url)
const page = await traceTables(browser, url)
const collector = await page.context().newCDPSession(page)
for (let i = 0; i <= LOOKS; i++) {
  if (i > 0) await page.waitForTimeout(WATCHED_MS / LOOKS)
  heap.rounds.push(await heapOf(collector))
}
await browser.close()
await stop()
print({
  name: 'page',
  method: `The overview in Chromium without a graphics card, on the same machine as the server: ${SYMBOLS} visible rows, each of which changes ${1000 / FRAME_MS} times a second at the server, at the rate that the page asks for; then the same in a window of usual height, and a chart to which a point comes in each frame while the oldest goes. CPU time is that of the tasks of the page's main thread (thread time of traces of ${TRACED_MS / 1000} s), all tasks over all frames that were drawn; the threads that raster and composite are not in it.`,
  figures: [opening, perFrame, drawn, perSecond, longest, usualFrame, usualSecond, chart, heap],
})
