import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Browser, chromium, type Page } from 'playwright-core'
import { assetNames, random, START } from './market.ts'
import { type Figure, print } from './report.ts'

/** What the dashboard costs the browser, by traces of Chromium. */

const ROUNDS = 5
const SYMBOLS = 200
const FRAME_MS = 20
/** ms of a recording: longer than all rounds take. */
const RECORDED_MS = 90_000
/** ms of one trace. */
const TRACED_MS = 5_000
/** High enough for all rows. */
const WINDOW = { width: 1440, height: 6_500 }

/** Trades of every symbol in every frame, as a CSV file. */
const recording = (): string => {
  const next = random(7)
  const prices = assetNames(SYMBOLS).map(() => 1 + next() * 1000)
  const lines = ['symbol,price,exch_ts_ms,qty,side,trade_id']
  for (let t = START, id = 1; t < START + RECORDED_MS; t += FRAME_MS)
    for (let i = 0; i < SYMBOLS; i++) {
      prices[i]! *= 1 + (next() - 0.5) * 1e-3
      lines.push(`A${i}-USD,${prices[i]!.toFixed(4)},${t + 1},0.1,buy,${id++}`)
    }
  return `${lines.join('\n')}\n`
}

const start = async (dir: string): Promise<{ server: ChildProcess; url: string }> => {
  await writeFile(join(dir, 'trades.csv'), recording())
  const launcher = join(import.meta.dirname, '../../server/cli/driftwire.cjs')
  const options = ['--port', '0', '--data', join(dir, 'data'), '--feed', `replay:${join(dir, 'trades.csv')}`, '--speed', '1']
  const server = spawn(process.execPath, [launcher, 'serve', ...options], { stdio: ['ignore', 'pipe', 'ignore'] })
  process.once('exit', () => server.kill('SIGKILL'))
  for await (const line of createInterface({ input: server.stdout! })) {
    const url = /dashboard +(\S+)/.exec(line)?.[1]
    if (url !== undefined) return { server, url }
  }
  throw new Error('the server did not start')
}

/** An event of Chromium's trace; `tdur` is µs of CPU time. */
interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/** Traces a page for a while. Resolves with the CPU time (ms) of its main thread's tasks, and with how many frames it drew. */
const traced = async (browser: Browser, page: Page): Promise<{ tasks: number[]; frames: number }> => {
  const session = await browser.newBrowserCDPSession()
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline', 'devtools.timeline'] },
  })
  await page.waitForTimeout(TRACED_MS)
  const complete = new Promise(resolve => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  await complete
  const mains = events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
  const byThread = mains.map(({ pid, tid }) => events.filter(event => event.pid === pid && event.tid === tid))
  // Chromium keeps a spare renderer: the page's is the one that did something.
  const costOf = (list: TraceEvent[]): number => list.reduce((sum, { tdur = 0 }) => sum + tdur, 0)
  const main = byThread.sort((a, b) => costOf(b) - costOf(a))[0] ?? []
  const tasks = main.filter(({ name }) => name === 'RunTask').map(({ tdur = 0 }) => tdur / 1000)
  return { tasks, frames: main.filter(({ name }) => name === 'Commit').length }
}

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

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
if (!existsSync(executablePath)) {
  print({ name: 'page', method: `Left out: there is no Chromium at ${executablePath}; CHROMIUM says where it is.`, figures: [] })
  process.exit()
}
const dir = await mkdtemp(join(tmpdir(), 'driftwire-page-'))
const { server, url } = await start(dir)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
const figure = (what: string, unit: string): Figure & { rounds: number[] } => ({ what, unit, rounds: [] })
const opening = figure('from opening to the first price on the screen', 'ms')
const perFrame = figure('CPU of the main thread a drawn frame', 'ms')
const drawn = figure('frames drawn', 'a second')
const longest = figure('the longest task', 'ms of CPU')
const heap = figure('heap after a collection', 'MiB')

await firstFigure(browser, url) // the server reads its files, the browser starts its processes
for (let i = 0; i < ROUNDS; i++) opening.rounds.push(await firstFigure(browser, url))
const page = await browser.newPage({ viewport: WINDOW })
await page.goto(url)
// The table is as high as its rows, so that all of them are on the screen.
await page.locator('[role=table]').last().waitFor()
await page.evaluate(() => {
  for (const port of document.querySelectorAll<HTMLElement>('.port')) port.style.maxHeight = 'none'
})
await page.waitForFunction(count => document.body.textContent.split('-USD').length > count, SYMBOLS)
const collector = await page.context().newCDPSession(page)
for (let i = 0; i < ROUNDS; i++) {
  const { tasks, frames } = await traced(browser, page)
  if (frames === 0) throw new Error('the trace has no frames')
  perFrame.rounds.push(tasks.reduce((sum, ms) => sum + ms, 0) / frames)
  drawn.rounds.push((frames * 1000) / TRACED_MS)
  longest.rounds.push(Math.max(...tasks))
  await collector.send('HeapProfiler.collectGarbage')
  heap.rounds.push((await collector.send('Runtime.getHeapUsage')).usedSize / 2 ** 20)
}
await browser.close()
const ended = new Promise(resolve => server.once('exit', resolve))
server.kill('SIGTERM')
await ended
await rm(dir, { recursive: true, force: true })
print({
  name: 'page',
  method: `The overview in Chromium without a graphics card, on the same machine as the server: ${SYMBOLS} visible rows, each of which changes ${1000 / FRAME_MS} times a second at the server, at the rate that the page asks for. Traces of ${TRACED_MS / 1000} s; CPU time of the tasks of the page's main thread.`,
  figures: [opening, perFrame, drawn, longest, heap],
})
