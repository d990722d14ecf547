import type { Browser, Page } from 'playwright-core'

/** An event of Chromium's trace; `tdur` is µs of CPU time. */
interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/** What the main thread of a page did for a while. */
export interface Traced {
  /** CPU time of its tasks, ms. */
  readonly tasks: readonly number[]
  /** Frames that it drew. */
  readonly frames: number
  /** CPU time of all its tasks together, ms. */
  readonly total: number
}

/** Traces a page for `ms`. Rejects if it drew nothing. */
export const traced = async (browser: Browser, page: Page, ms: number): Promise<Traced> => {
  const session = await browser.newBrowserCDPSession()
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline', 'devtools.timeline'] },
  })
  await page.waitForTimeout(ms)
  const complete = new Promise(resolve => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  await complete
  await session.detach()
  const mains = events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
  const byThread = mains.map(({ pid, tid }) => events.filter(event => event.pid === pid && event.tid === tid))
  // Chromium keeps a spare renderer: the page's is the one that did something.
  const costOf = (list: TraceEvent[]): number => list.reduce((sum, { tdur = 0 }) => sum + tdur, 0)
  const main = byThread.sort((a, b) => costOf(b) - costOf(a))[0] ?? []
  const tasks = main.filter(({ name }) => name === 'RunTask').map(({ tdur = 0 }) => tdur / 1000)
  const frames = main.filter(({ name }) => name === 'Commit').length
  if (frames === 0) throw new Error('the trace has no frames')
  return { tasks, frames, total: tasks.reduce((sum, task) => sum + task, 0) }
}
