import { appendFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'

const ADMIN_TOKEN = 'a-token-for-swaps'
const HEADER = 'uuid,started_at,finished_at,is_success,maker_coin,taker_coin,maker_amount,taker_amount'
const T = 1_701_800_000
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const line = (n: number, success = 1, maker = 'KMD'): string => `${uuid(n)},${T},${T + n},${success},${maker},LTC,1,2`
const csv = (name: string, ...lines: string[]): string => written(name, [HEADER, ...lines, ''].join('\n'))

const environment = { DRIFTWIRE_TOKEN: ADMIN_TOKEN }
const ran = async (...args: string[]): Promise<[code: unknown, stdout: string, stderr: string]> => {
  const program = new DriftwireProcess(['import', 'swaps', ...args], environment)
  return [await program.exited, program.stdout, program.stderr]
}

describe('driftwire import swaps', () => {
  let server: DriftwireProcess
  let url = ''
  beforeAll(async () => {
    const options = ['--data', pathOf('served'), '--config', written('config.json', '{"feeds":["sim:7"]}')]
    server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', ...options], { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN })
    url = await server.url()
  })
  afterAll(async () => {
    await server.ready()
    expect(await server.end('SIGTERM')).toBe(0)
  })

  it('puts several files into a running server, merged by uuid, and says what became of the rows', async () => {
    const [one, two] = [csv('one.csv', line(1), line(2, 0), line(3, 1, 'DOC')), csv('two.csv', line(1), line(4))]
    const said = `${one}: 1 swaps accepted, 0 known, 2 left out, 0 refused\n${two}: 1 swaps accepted, 1 known, 0 left out, 0 refused\n`
    expect(await ran(one, two, '--url', url)).toEqual([0, said, ''])
    const trades = await server.json<{ buy: { trade_id: string }[] }>(
      `/gecko/historical_trades/KMD_LTC?start_time=${(T - 60) * 1000}&end_time=${(T + 60) * 1000}`,
    )
    expect(trades.buy.map(trade => trade.trade_id)).toEqual([uuid(4), uuid(1)])
  })

  it('tells each bad row by its line, and ends with 1', async () => {
    const file = csv('bad.csv', line(10), line(11, 1, 'K_D'))
    expect(await ran(file, '--url', url)).toEqual([
      1,
      `${file}: 1 swaps accepted, 0 known, 0 left out, 1 refused\n`,
      `${file}:3: maker_coin: found "K_D", expected a coin such as KMD or USDC-PLG20\n`,
    ])
  })

  it('looks again and again where it is asked to, and says only what is new', async () => {
    const file = csv('growing.csv', line(20))
    const program = new DriftwireProcess(['import', 'swaps', file, '--url', url, '--every', '1s'], environment)
    await expect.poll(() => program.stdout, { timeout: 20_000 }).toBe(`${file}: 1 swaps accepted, 0 known, 0 left out, 0 refused\n`)
    appendFileSync(file, `${line(21)}\n`)
    await expect.poll(() => program.stdout, { timeout: 20_000 }).toContain(`${file}: 1 swaps accepted, 1 known, 0 left out, 0 refused\n`)
    expect(await program.end('SIGTERM')).toBe(0)
    expect(program.stdout.trimEnd().split('\n')).toHaveLength(2)
  })

  it('puts them into a directory that no server holds, and not into one that a server does', async () => {
    const file = csv('own.csv', line(30))
    expect(await ran(file, '--data', pathOf('own'))).toEqual([0, `${file}: 1 swaps accepted, 0 known, 0 left out, 0 refused\n`, ''])
    expect(await ran(file, '--data', pathOf('own'))).toEqual([0, `${file}: 0 swaps accepted, 1 known, 0 left out, 0 refused\n`, ''])
    const [code, , stderr] = await ran(file, '--data', pathOf('served'))
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^driftwire: .*give the --url of the server that holds it\n$/)])
  })

  it.each([
    ['no file', [], 'import swaps: found no FILE, expected FILE…'],
    ['a file that is not there', ['none.db'], 'none.db: cannot be read (ENOENT)'],
    ['no time', ['none.db', '--every', 'often'], '--every: found "often", expected a time such as 60s'],
    ['no option', ['none.db', '--since', '1'], '--since: found an option that is not known, expected one of --every'],
  ])('ends with 2 and one line for %s', async (_, args, why) => {
    const [code, , stderr] = await ran(...args, '--data', pathOf('unused'))
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1])
    expect(stderr).toContain(why)
  })
})
