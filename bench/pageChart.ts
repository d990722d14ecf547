import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import { packageRoot } from '../server/lib/packageRoot.ts'

/** The dashboard's own drawing of a chart, for a page of the bench. */
type PlotIn = typeof import('../clients/dashboard/src/charts/plot.ts').plotIn

const ENTRY = 'entry'

/** Returns a script that gives a page `plotIn`. */
const script = async (): Promise<string> => {
  const plot = join(packageRoot(), 'clients', 'dashboard', 'src', 'charts', 'plot.ts')
  const own = {
    name: 'entry',
    resolveId: (id: string) => (id === ENTRY ? id : null),
    load: (id: string) => (id === ENTRY ? `import { plotIn } from ${JSON.stringify(plot)}\nglobalThis.plotIn = plotIn` : null),
  }
  const build = await rolldown({ input: ENTRY, plugins: [own], platform: 'browser', logLevel: 'warn' })
  const { output } = await build.generate({ format: 'iife', minify: true })
  await build.close()
  return output[0].code
}

/** Opens a page with one chart of `points` points, all of them in view. In each frame a point comes and the oldest goes. */
export const chartPage = async (browser: Browser, url: string, points: number): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: true })
  const page = await context.newPage()
  // The server's own page, for its style sheet and its storage; what it shows is taken away.
  await page.goto(`${url}api`)
  await page.addScriptTag({ content: await script() })
  await page.evaluate(count => {
    document.body.replaceChildren()
    const { plotIn } = globalThis as unknown as { plotIn: PlotIn }
    const [x, y] = [[] as number[], [] as number[]]
    const put = (): void => {
      x.push((x.at(-1) ?? 1_723_118_400_000) + 1_000)
      y.push((y.at(-1) ?? 100) * (1 + (Math.random() - 0.5) * 1e-3))
    }
    while (x.length < count) put()
    const look = { series: [{ label: 'NAV', color: '--accent', text: (value: number) => value.toFixed(3) }], height: 260 }
    const plot = plotIn(document.body, look, 1_200, [x, y], () => {})
    const draw = (): void => {
      put()
      x.shift()
      y.shift()
      plot.setData([x, y])
      requestAnimationFrame(draw)
    }
    draw()
  }, points)
  return page
}
