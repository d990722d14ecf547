import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOUR } from '../../streams/market/candles.ts'
import type { JsonObject } from '../../streams/wire/mergePatch.ts'
import { DriftwireProcess, written } from '../test/processKit.ts'

/** Ten hours of candles that end long ago, and portfolios of them: a server that replayed them knows all of it. */
const FROM = Date.UTC(2024, 7, 8)
const END = FROM + 10 * HOUR
const ASSETS = Array.from({ length: 10 }, (_, i) => `A${i}`)
const closeOf = (asset: number, hour: number): number => 100 + asset * 10 + hour
/** The fifth and sixth hour have no candle. */
const HOURS = [0, 1, 2, 3, 6, 7, 8, 9]
const CANDLES = written(
  'hours.csv',
  [
    'symbol,open_time_ms,open,high,low,close,volume_base',
    ...HOURS.flatMap(hour => ASSETS.map((name, i) => [`${name}-USD`, FROM + hour * HOUR, ...Array(4).fill(closeOf(i, hour)), 1].join(','))),
  ].join('\n'),
)
const ten = written('ten.csv', ['t,type,asset,qty,price', ...ASSETS.map((name, i) => `${FROM + 1},buy,${name},${i + 1},90`)].join('\n'))
const odd = written('odd.csv', `t,type,asset,qty,price\n${FROM + 1},buy,A1,1,100\n${FROM + 1},buy,NEVER,2,5`)
const CONFIG = written(
  'pnl.json',
  JSON.stringify({
    portfolios: [
      { id: 'ten', transactions: ten },
      { id: 'odd', transactions: odd },
      { id: 'none' },
      { id: 'anns', owner: 'ann', read: [] },
    ],
    feeds: [],
  }),
)

let server: DriftwireProcess
let url = ''
beforeAll(async () => {
  const options = [
    '--data',
    written('pnl/.keep', '').replace('/.keep', ''),
    '--config',
    CONFIG,
    '--feed',
    `replay:${CANDLES}`,
    '--speed',
    'max',
  ]
  server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', ...options], { DRIFTWIRE_ADMIN_TOKEN: 'the-admin' })
  url = await server.url()
  await server.replayed()
})
afterAll(() => server.end('SIGTERM'))

const ran = async (...args: string[]): Promise<[code: unknown, stdout: string, stderr: string]> => {
  const program = new DriftwireProcess(['pnl', ...args], { DRIFTWIRE_URL: url })
  return [await program.exited, program.stdout, program.stderr]
}
/** The total of the portfolio `ten` at the end of an hour. */
const totalAt = (hour: number): number => ASSETS.reduce((sum, _, i) => sum + (i + 1) * (closeOf(i, hour) - 90), 0)

describe('driftwire pnl', () => {
  it('shows a portfolio of ten assets, its sums those of the server', async () => {
    const [code, stdout, stderr] = await ran('ten')
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toBe('ten: fifo, in USD')
    expect(lines.filter(line => /^A\d /.test(line)).length).toBe(10)
    expect(
      lines
        .find(line => line.startsWith('total'))!
        .trim()
        .endsWith(totalAt(9).toLocaleString('en', { minimumFractionDigits: 2 })),
    ).toBe(true)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('shows one of nothing, and one in which something has no price, and says so', async () => {
    const [code, stdout] = await ran('none')
    expect([code, stdout]).toEqual([0, expect.stringContaining('none: fifo, in USD')])
    const [, unpriced] = await ran('odd')
    expect(unpriced).toMatch(/^NEVER ! +2 +— +5\.00 +— +0\.00 +— +— +—$/m)
    expect(unpriced).toContain('! NEVER: no price yet')
  })

  it('plots the hours, hollow where a price is an older one', async () => {
    const [code, stdout] = await ran('ten', '--from', '2024-08-08T00:30', '--to', String(END + 1))
    expect(code).toBe(0)
    expect(stdout).toContain('total in USD, 10 hours, times in UTC')
    expect(stdout).toContain('2024-08-08 10:00')
    expect(stdout).toMatch(/•+∘+•*/)
    const [, nothing] = await ran('ten', '--to', '2020-01-01')
    expect(nothing).toContain('no hours of that time')
  })

  it('gives the hours as CSV', async () => {
    const [code, stdout] = await ran('ten', '--csv')
    const [header, ...rows] = stdout.trimEnd().split('\n')
    expect([code, header]).toEqual([0, 't,value,cost,unrealised,realised,income,expenses,fees,flows,total,unpriced,carried'])
    const column = (name: string): string[] => rows.map(row => row.split(',')[header!.split(',').indexOf(name)]!)
    expect(column('t').map(Number)).toEqual(Array.from({ length: 10 }, (_, i) => FROM + (i + 1) * HOUR))
    expect(column('total').map(Number)).toEqual([0, 1, 2, 3, 3, 3, 6, 7, 8, 9].map(totalAt))
    expect(column('carried')).toEqual(Array.from({ length: 10 }, (_, i) => (i === 4 || i === 5 ? ASSETS.join(' ') : '')))
    expect((await ran('ten', '--csv', '--to', '2020-01-01'))[1]).toBe(`${header}\n`)
  })

  it('gives state and hours as JSON, the state alone where no time is given', async () => {
    const state = await server.json<JsonObject>('/v1/state/pnl:ten')
    expect(JSON.parse((await ran('ten', '--json'))[1])).toEqual({ state })
    const hours = await server.json<{ rows: JsonObject[] }>(`/v1/history/pnl:ten?from=${FROM}&to=${END}&step=${HOUR}`)
    const [, text] = await ran('ten', '--json', '--from', '2024-08-08', '--to', '2024-08-08T10:00Z')
    expect(JSON.parse(text)).toEqual({ state, rows: hours.rows })
    expect(JSON.parse((await ran('ten', '--json', '--to', '2020-01-01'))[1])).toEqual({ state, rows: [] })
  })

  it('needs a token where the portfolio is not for everybody', async () => {
    expect(await ran('anns')).toEqual([1, '', expect.stringMatching(/^driftwire: http.*: 401 not_logged_in.*\n$/)])
    expect((await ran('anns', '--token', 'the-admin'))[0]).toBe(0)
  })

  it('ends with 1 and one line for what there is not', async () => {
    expect(await ran('nobodys')).toEqual([
      1,
      '',
      expect.stringMatching(/^driftwire: http.*: 404 unknown_channel: there is no channel "pnl:nobodys"\n$/),
    ])
  })

  it.each([
    ['no portfolio', [], 'pnl: found no PORTFOLIO'],
    ['two portfolios', ['a', 'b'], 'pnl: found 2 words'],
    ['what is no id', ['a/b'], 'pnl: found "a/b"'],
    ['no time', ['a', '--from', '2024-02-30'], '--from: found "2024-02-30"'],
    ['times the wrong way round', ['a', '--from', '2024-08-09', '--to', '2024-08-08'], '--to: found "2024-08-08"'],
    ['two forms', ['a', '--csv', '--json'], '--csv: found also --json'],
    ['an option that is not known', ['a', '--fast'], '--fast: found an option that is not known, expected one of --from'],
  ])('ends with 2 and one line for %s', async (_, args, line) => {
    const [code, stdout, stderr] = await ran(...args)
    expect([code, stdout, stderr.trimEnd().split('\n').length]).toEqual([2, '', 1])
    expect(stderr).toContain(`driftwire: ${line}`)
  })
})
