import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { wandering } from '../../streams/analytics/test/worlds.ts'
import type { RECOMPUTED, SCORES } from '../../streams/wire/answers/scores.ts'
import type { ScoreState } from '../../streams/wire/states.ts'
import { SIM_ASSETS } from '../feeds/sim/market.ts'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'

/** Scores of a server that was started as it comes: a simulated market, no keys, nothing else. */

const ADMIN_TOKEN = 'a-token-for-scores'
type Day = z.infer<typeof SCORES>

describe('a server with the simulated market, and nothing else', () => {
  let server: DriftwireProcess
  let url = ''
  let first: ScoreState
  const ran = async (...args: string[]): Promise<[code: unknown, stdout: string, stderr: string]> => {
    const program = new DriftwireProcess([...args, '--url', url], { DRIFTWIRE_TOKEN: ADMIN_TOKEN })
    return [await program.exited, program.stdout, program.stderr]
  }
  const start = async (): Promise<void> => {
    const options = ['--data', pathOf('demo'), '--config', written('config.json', '{"feeds":["sim:7"]}')]
    server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', ...options], { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN })
    url = await server.url()
    await server.ready()
  }
  const scored = async (): Promise<ScoreState> => {
    const state = (): Promise<ScoreState> => server.json<ScoreState>('/v1/state/score:BTC').catch(() => ({}))
    await expect.poll(state, { timeout: 50_000, interval: 200 }).toMatchObject({ stale: false })
    return state()
  }
  beforeAll(start)
  afterAll(async () => {
    expect(await server.end('SIGTERM')).toBe(0)
  })

  it('scores the assets of its market soon after the first start, marked as simulated, with reasons that add up', async () => {
    first = await scored()
    const { simulated, why = {}, base = 0, expected = 0, of } = first.horizon!['1m']!
    expect(simulated).toBe(true)
    expect(of).toBe(SIM_ASSETS.length)
    expect(Object.keys(why)).toHaveLength(18)
    expect(Object.values(why).reduce((sum, part) => sum + part, base)).toBeCloseTo(expected, 6)
    const client = await server.client()
    await client.subscribe(['models'])
    const { state } = await client.replica('models')
    expect(state).toMatchObject({ horizon: { '1m': { champion: { simulated: true, why: 'the first of its horizon' } } } })
    await client.close()
  })

  it('says so in the terminal: all assets, one with its reasons, the models', async () => {
    const [code, text, errors] = await ran('score')
    expect([code, errors]).toEqual([0, ''])
    expect(text).toMatch(/^List of \d{4}-\d\d-\d\d, of the simulated market; 1 month ahead; model [0-9a-f]{12}\n/)
    for (const { name } of SIM_ASSETS) expect(text).toContain(` ${name} `)
    const [, one] = await ran('score', 'BTC')
    expect(one).toContain('The models expect the percentile ')
    expect(one).toContain('monthsListed')
    const [, list] = await ran('models')
    expect(list).toMatch(/[0-9a-f]{12} +1 +champion .* simulated\n\ntrainings: 1, not kept: 0\./)
    const [, card] = await ran('models', first.horizon!['1m']!.version!.slice(0, 8))
    expect(card).toContain('Without a model, each feature alone:')
  })

  it('computes the scores of a day again, and they are the same to the last digit', async () => {
    const [code, text] = await ran('score', '--recompute', '--json')
    const day = JSON.parse(text) as z.infer<typeof RECOMPUTED>
    expect([code, day.same]).toEqual([0, true])
    const [, shown] = await ran('score', '--json', '--as-of', String(day.t))
    expect((JSON.parse(shown) as Day).scores).toEqual(day.scores)
  })

  it.each([
    [['score', 'NOBODY'], 'ASSET: found "NOBODY", expected one of the list of'],
    [['score', '--horizon', 'soon'], '--horizon: found "soon", expected months such as 1m or 3m'],
    [['score', '--as-of', 'then'], '--as-of: found "then", expected'],
    [['models', 'nothing'], 'VERSION: found 0 models that begin with "nothing", expected one'],
  ])('refuses %j as a mistake in what was typed', async (words, message) => {
    const [code, , errors] = await ran(...words)
    expect(code).toBe(2)
    expect(errors).toContain(message)
  })

  it('takes lists of real assets, which do not mix with those of the simulated market', async () => {
    const lines = wandering(3, 2, 1).flatMap(({ t, assets }) =>
      assets.map(({ name, symbol, marketCap, price }) => [new Date(t).toISOString().slice(0, 10), symbol, name, marketCap, price].join()),
    )
    const file = written('lists.csv', ['snapshot_date,symbol,name,market_cap_usd,price_usd', ...lines, ''].join('\n'))
    expect(await ran('import', 'snapshots', '--dry-run', file)).toEqual([0, `${file}: 2 lists would be sent\n`, ''])
    expect(await ran('import', 'snapshots', file)).toEqual([0, `${file}: 2 lists accepted, 0 known\n`, ''])
    expect(await ran('import', 'snapshots', file)).toEqual([0, `${file}: 0 lists accepted, 2 known\n`, ''])
    const [, shown] = await ran('score', '--json')
    expect((JSON.parse(shown) as Day).scores.map(({ asset }) => asset).sort()).toEqual(SIM_ASSETS.map(({ name }) => name).sort())
  })

  it('shows the same after a restart, without another training', async () => {
    expect(await server.end('SIGTERM')).toBe(0)
    await start()
    expect(await scored()).toEqual(first)
    expect((await server.json<{ trials: object[] }>('/v1/models')).trials).toHaveLength(1)
  })
})
