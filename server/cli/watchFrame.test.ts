import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConnectionState } from '../../clients/driftwire-client/src/index.ts'
import type { JsonObject } from '../../streams/wire/mergePatch.ts'
import { widthOf } from '../lib/plainText.ts'
import { type Paint, PLAIN } from './terminal/style.ts'
import type { Known } from './views/summaries.ts'
import { scrollable, watchFrame } from './watchFrame.ts'

const LIVE: ConnectionState = { state: 'live', heard: 0, age: 0 }
const known = (channel: string, state?: JsonObject, more: Partial<Known> = {}): Known => ({
  channel,
  id: channel.slice(channel.indexOf(':') + 1),
  state,
  stale: false,
  age: state === undefined ? Number.NaN : 1_500,
  ...more,
})
const frame = (channels: readonly Known[], width = 80, rows = 16, connection = LIVE, scrolled = 0, paint: Paint = PLAIN): string[] =>
  watchFrame({ channels, connection, url: 'http://127.0.0.1:8080', scrolled }, rows, { width, paint })
const shown = (lines: readonly string[]): string[] => lines.filter(line => line !== '').slice(1, -1)

const FUND: JsonObject = {
  nav: 101.37,
  market: 101.4,
  premium: 0.0003,
  aum: 1_013_700,
  shares: '10000',
  maxDrift: 0.004,
  totalDrift: 0.011,
  weights: { BTC: 0.25, ETH: 0.75 },
  target: { BTC: 0.254, ETH: 0.746 },
  drift: { BTC: -0.004, ETH: 0.004 },
  prices: { BTC: 60_000, ETH: 3_000 },
  units: { BTC: '0.001', ETH: '0.02' },
  rebalance: { needed: true, reason: 'asset' },
}

describe('a frame of watch', () => {
  it('has a line for each channel of a kind, with its age and what is special', () => {
    const channels = [known('fund:A', FUND), known('tick:BTC-USD', { price: 60_000.5, bid: 60_000 }), known('fund:B')]
    expect(shown(frame(channels))).toEqual([
      'fund       nav    market  premium %     aum  max drift %       age',
      'A     101.3700  101.4000      +0.03  1.014M         0.40     1.5 s  rebalance',
      'B            —         —          —       —            —         —  waiting',
      'tick         price        bid  ask  low 24h  high 24h  volume 24h       age',
      'BTC-USD  60,000.50  60,000.00    —        —         —           —     1.5 s',
    ])
  })

  it('shows the metrics of one asset by their names, as finely as their periods, with what is stale', () => {
    const t = Date.UTC(2024, 5, 1)
    const state = {
      tvl: { v: 6_767_810_000, t, known: t + 3_600_000, src: 'defillama', stale: true },
      commits: { v: 12, t, known: t + 31 * 86_400_000, src: 'github', stale: false },
      fees: { t, known: t, src: 'defillama', stale: false },
    }
    expect(shown(frame([known('metrics:uniswap', state)])).map(line => line.trimEnd())).toEqual([
      'metrics:uniswap, 1.5 s old',
      'metric           value  unit   of          known since UTC      source',
      'commits             12  count  2024-06     2024-07-02 00:00:00  github',
      'fees                 —  USD    2024-06-01  2024-06-01 00:00:00  defillama',
      'tvl      6,767,810,000  USD    2024-06-01  2024-06-01 01:00:00  defillama  stale',
    ])
  })

  it('marks what is stale and what was refused', () => {
    const lines = shown(
      frame([
        known('pnl:a', { total: 1 }, { stale: true }),
        known('pnl:b', { total: 2, stale: true }),
        known('pnl:c', undefined, { refused: 'not_allowed: no' }),
      ]),
    )
    expect(lines[1]).toMatch(/^a .*stale$/)
    expect(lines[2]).toMatch(/^b .*stale$/)
    expect(lines[3]).toMatch(/^c .*not_allowed: no$/)
  })

  it('shows one channel alone in full', () => {
    const lines = shown(frame([known('fund:TOP10', FUND)]))
    expect(lines.join('\n')).toContain('a rebalance is due (asset)')
    expect(lines.find(line => line.startsWith('ETH'))).toMatch(/75\.00 +74\.60 +\+0\.40 +3,000\.00/)
  })

  it.each<[ConnectionState, string]>([
    [{ state: 'live' }, 'http://127.0.0.1:8080'],
    [{ state: 'silent', age: 9_000 }, 'LINE SILENT: nothing heard for 9.0 s'],
    [{ state: 'reconnecting', inSeconds: 3, age: 12_000, why: '1006' }, 'LINE LOST (1006): again in 3 s; nothing heard for 12.0 s'],
    [{ state: 'connecting' }, 'connecting to http://127.0.0.1:8080'],
    [{ state: 'closed' }, 'CLOSED'],
  ])('says in its first line how the connection is: %j', (connection, head) => {
    expect(frame([], 80, 8, connection)[0]).toContain(head)
  })

  it('can be scrolled as far as there are lines', () => {
    const channels = Array.from({ length: 50 }, (_, i) => known(`pnl:p${i}`, { total: i }))
    const all = { channels, connection: LIVE, url: '', scrolled: 0 }
    expect(scrollable(all, 13, { width: 80, paint: PLAIN })).toBe(51 - 10)
    expect(frame(channels, 80, 13, LIVE, 41).some(line => line.startsWith('p49'))).toBe(true)
    expect(frame(channels, 80, 13, LIVE, 1_000).at(-1)).toBe('q quits · lines 42 to 51 of 51, ↑↓ scroll')
  })

  it('keeps within the terminal, whatever its size, the channels, their states and the colours', () => {
    const figure = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.boolean(),
    )
    const names = fc.constantFrom(
      ...Object.keys(FUND),
      'price',
      'day',
      'value',
      'assets',
      'unpriced',
      'feeds',
      'sink',
      'trades',
      'last',
      'method',
      'x'.repeat(60),
    )
    const { state } = fc.letrec<{ state: JsonObject; member: JsonObject[string] }>(tie => ({
      member: fc.oneof({ maxDepth: 2 }, figure, tie('state')),
      state: fc.dictionary(names, tie('member'), { maxKeys: 6, noNullPrototype: true }) as fc.Arbitrary<JsonObject>,
    }))
    const channel = fc.constantFrom(
      'fund:A',
      'fund:B',
      'tick:BTC-USD',
      'pnl:main',
      'pool:P',
      'status',
      'trades:BTC-USD',
      'rebalances:A',
      'candle:1m:BTC-USD',
      'holdings',
    )
    const member = fc.record({ channel, state: fc.option(state, { nil: undefined }), stale: fc.boolean() })
    const colours: Paint = (_look, text) => `\x1b[1m${text}\x1b[22m`
    fc.assert(
      fc.property(
        fc.array(member, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 10, max: 120 }),
        fc.integer({ min: 1, max: 40 }),
        (members, width, rows) => {
          const channels = members.map(({ channel: name, state: of, stale }) => known(name, of, { stale }))
          const lines = frame(channels, width, rows, LIVE, 0, colours)
          expect(lines.length).toBe(rows)
          for (const line of lines) {
            expect(widthOf(line), JSON.stringify(line)).toBeLessThanOrEqual(width)
            expect(line).not.toMatch(/NaN|undefined|Infinity|\n/)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
