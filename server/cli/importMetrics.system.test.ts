import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'

const ADMIN_TOKEN = 'a-token-for-metrics'
const DAY = 86_400_000
const TODAY = Math.floor(Date.now() / DAY) * DAY
const HEADER = 'asset,metric,period,value,available_at,source'
const environment = { DRIFTWIRE_TOKEN: ADMIN_TOKEN }

const csv = (name: string, ...lines: readonly (readonly (string | number)[])[]): string =>
  written(name, [HEADER, ...lines.map(cells => cells.join(',')), ''].join('\n'))
const ran = async (...args: string[]): Promise<[code: unknown, stdout: string, stderr: string]> => {
  const program = new DriftwireProcess(['import', 'metrics', ...args], environment)
  return [await program.exited, program.stdout, program.stderr]
}
const said = (file: string, accepted: number, known: number, refused = 0): string =>
  `${file}: ${accepted} metrics accepted, ${known} known, ${refused} refused\n`

describe('driftwire import metrics', () => {
  let server: DriftwireProcess
  let url = ''
  const config = written('config.json', '{"feeds":["sim:7"],"assets":{"BTC":{"supply":"1"}}}')
  const start = async (): Promise<void> => {
    const options = ['--data', pathOf('served'), '--config', config]
    server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', ...options], { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN })
    url = await server.url()
    await server.ready()
  }
  beforeAll(start)
  afterAll(async () => {
    expect(await server.end('SIGTERM')).toBe(0)
  })

  const first = { v: 5e9, t: TODAY, known: TODAY, src: 'desk', stale: false }

  it('puts a file into a running server, whose channels show what is newest; again it is known', async () => {
    const client = await server.client()
    const empty = await client.subscribe(['metrics:BTC', 'metrics:uniswap'])
    expect(empty).toMatchObject({ 'metrics:BTC': { seq: 0 }, 'metrics:uniswap': { error: { code: 'unknown_channel' } } })
    const file = csv(
      'one.csv',
      ['uniswap', 'tvl', '2021-05-19', 4e9, '', 'desk'],
      ['uniswap', 'tvl', TODAY, 5e9, '', 'desk'],
      ['BTC', 'stars', TODAY, 80_000, TODAY, ''],
    )
    expect(await ran(file, '--url', url)).toEqual([0, said(file, 3, 0), ''])
    expect(await ran(file, '--url', url)).toEqual([0, said(file, 0, 3), ''])
    expect(await server.json('/v1/state/metrics:uniswap')).toEqual({ tvl: first })
    await client.subscribe(['metrics:uniswap'])
    const replica = await client.replica('metrics:uniswap')
    expect(replica.state).toEqual({ tvl: first })
    const revised = csv('two.csv', ['uniswap', 'tvl', TODAY, 4e9, TODAY + 1, 'desk'])
    expect(await ran(revised, '--url', url)).toEqual([0, said(revised, 1, 0), ''])
    await client.until(() => (replica.state.tvl as { v: number }).v === 4e9)
    expect(replica.state).toEqual({ tvl: { ...first, v: 4e9, known: TODAY + 1 } })
    await client.close()
  })

  it('what was known at a time is answered as it was known then, and is there after a start', async () => {
    const rows = (query: string) => server.json<{ rows: object[] }>(`/v1/metrics/uniswap?${query}`).then(page => page.rows)
    const old = { metric: 'tvl', t: Date.UTC(2021, 4, 19), v: 4e9, known: Date.UTC(2021, 4, 19), src: 'desk' }
    const [then, now] = [5e9, 4e9].map((v, i) => ({ metric: 'tvl', t: TODAY, v, known: TODAY + i, src: 'desk' }))
    expect(await rows(`metric=tvl&asOf=${TODAY}`)).toEqual([old, then])
    expect(await rows('')).toEqual([old, now])
    expect(await rows(`revisions=true&from=${TODAY}`)).toEqual([then, now])
    expect(await server.end('SIGTERM')).toBe(0)
    await start()
    await expect
      .poll(() => server.json('/v1/state/metrics:uniswap'), { timeout: 20_000 })
      .toEqual({ tvl: { ...first, v: 4e9, known: TODAY + 1 } })
    expect(await rows('')).toEqual([old, now])
    const status = await server.status(({ assetMetrics }) => assetMetrics !== undefined)
    expect(status.assetMetrics).toMatchObject({ assets: 2, facts: 3, accepted: 0, failures: 0 })
  })

  it('says each bad row by its line, puts in the others, and ends with 1', async () => {
    const file = csv('bad.csv', ['aave', 'tvl', '2021-05-19', 1, '', ''], ['aave', 'volume', '2021-05-19', 1, '2021-05-19', ''])
    const why = `aave volume of 2021-05-19: found it known at ${Date.UTC(2021, 4, 19)}, expected ${Date.UTC(2021, 4, 20)} at the earliest`
    expect(await ran(file, '--url', url)).toEqual([1, said(file, 1, 0, 1), `${file}:3: ${why}\n`])
  })

  it('stores nothing with --dry-run', async () => {
    const file = csv('dry.csv', ['curve', 'tvl', '2021-05-19', 1, '', ''], ['curve', 'none', '2021-05-19', 1, '', ''])
    const [code, stdout, stderr] = await ran(file, '--dry-run')
    expect([code, stdout]).toEqual([1, `${file}: 1 metrics would be sent, 0 known, 1 refused\n`])
    expect(stderr).toBe(`${file}:3: metric: found "none", expected a metric of docs/analytics.md such as tvl\n`)
    expect((await fetch(`${url}/v1/metrics/curve`)).status).toBe(404)
  })

  it('puts them into a directory that no server holds, and not into one that a server does', async () => {
    const file = csv('own.csv', ['aave', 'tvl', '2021-05-19', 1, '', ''])
    expect(await ran(file, '--data', pathOf('own'))).toEqual([0, said(file, 1, 0), ''])
    expect(await ran(file, '--data', pathOf('own'))).toEqual([0, said(file, 0, 1), ''])
    const [code, , stderr] = await ran(file, '--data', pathOf('served'))
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^driftwire: .*give the --url of the server that holds it\n$/)])
  })

  it('is for operators of the scope for prices', async () => {
    const body = '{"asset":"aave","metric":"tvl","period":"2021-05-19","value":1}'
    const headers = { 'content-type': 'application/x-ndjson' }
    const asked = await fetch(`${url}/v1/admin/metrics`, { method: 'POST', body, headers })
    expect(asked.status).toBe(401)
  })

  it.each([
    ['no file', [], 'import metrics: found no FILE, expected FILE…'],
    ['a file that is not there', ['none.csv'], 'none.csv: cannot be read (ENOENT)'],
    ['no option', ['none.csv', '--since', '1'], '--since: found an option that is not known, expected one of --dry-run'],
  ])('ends with 2 and one line for %s', async (_, args, why) => {
    const [code, , stderr] = await ran(...args, '--data', pathOf('unused'))
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1])
    expect(stderr).toContain(why)
  })
})
