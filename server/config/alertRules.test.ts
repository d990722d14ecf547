import { describe, expect, it } from 'vitest'
import { isBuiltIn } from '../../streams/alerts/builtIn.ts'
import { alertRules } from './alertRules.ts'
import { contradiction } from './checks.ts'
import { configSchema } from './schema.ts'

const rule = (more: object) => ({ alerts: { rules: [{ id: 'a', channel: 'tick:BTC-USD', figure: 'price', ...more }] } })
const read = (config: object) => configSchema.parse(config).alerts

describe('rules of the configuration', () => {
  it.each([
    [
      { above: 10, clearBy: 2 },
      { kind: 'beyond', lo: -Infinity, hi: 10, clearLo: -Infinity, clearHi: 8 },
    ],
    [
      { below: 5, above: 10, clearBy: 1 },
      { kind: 'beyond', lo: 5, hi: 10, clearLo: 6, clearHi: 9 },
    ],
    [{ away: { from: 1, by: 0.25 } }, { kind: 'beyond', lo: 0.75, hi: 1.25, clearLo: 0.75, clearHi: 1.25 }],
    [{ moves: { by: 0.1, withinMs: 60_000 } }, { kind: 'moved', by: 0.1, withinMs: 60_000, side: 'both', clear: 0.05 }],
    [{ unchangedForMs: 5 }, { kind: 'stale', ms: 5 }],
    [{ is: 'down' }, { kind: 'is', value: 'down' }],
    [
      { deviates: { everyMs: 1000, window: 30 } },
      {
        ...{ kind: 'deviates', mads: 6, least: 0, everyMs: 1000, window: 30, samples: 20, side: 'both', logs: false, change: false },
        ...{ clear: 1, lastsMs: 7000 },
      },
    ],
    [
      { deviates: { everyMs: 1000, change: true, at: 'tvl.t' } },
      {
        ...{ kind: 'deviates', mads: 6, least: 0, everyMs: 1000, window: 90, samples: 60, side: 'both', logs: false, change: true },
        ...{ clear: 0.05, lastsMs: 7000, at: 'tvl.t' },
      },
    ],
  ])('%j', (given, condition) => {
    expect(alertRules(read(rule(given)), [])[0]!.condition).toEqual(condition)
  })

  it.each([
    [rule({}), /one condition/],
    [rule({ above: 1, is: true }), /one condition/],
    [rule({ above: 1, below: 2 }), /below \+ clearBy/],
    [rule({ above: 1, channel: 'nothing:X' }), /a channel such as/],
    [rule({ above: 1, channel: 'fund:TOP10', figure: '' }), /figure/],
    [rule({ above: 1, against: { channel: 'tick', figure: 'price' } }), /a channel such as/],
    [rule({ above: 1, together: { atLeast: 1, withinMs: 5 } }), /atLeast/],
  ])('%j is a mistake', (config, expected) => {
    expect(JSON.stringify(configSchema.safeParse(config).error?.issues)).toMatch(expected)
  })

  it('have ids of their own', () => {
    const two = configSchema.parse({ alerts: { rules: ['a', 'a'].map(id => ({ id, channel: 'tick:*', figure: 'price', above: 1 })) } })
    expect(contradiction(two)).toBe('alerts.rules.1.id: found "a", expected an id that no other rule has, and no built-in one')
    const taken = configSchema.parse({ alerts: { rules: [{ id: 'premium', channel: 'tick:*', figure: 'price', above: 1 }] } })
    expect(contradiction(taken)).toMatch(/alerts.rules.0.id: found "premium"/)
  })

  it('stand behind the built-in ones, if these are wanted', () => {
    const ids = alertRules(read({ alerts: { builtIn: true, rules: rule({ above: 1 }).alerts.rules } }), ['kraken']).map(({ id }) => id)
    expect(ids.at(-1)).toBe('a')
    expect(ids.at(-2)).toBe('silent-feed-kraken')
    expect(ids.slice(0, -1).every(isBuiltIn)).toBe(true)
    expect(new Set(ids).size).toBe(ids.length)
    expect(alertRules(read({}), ['kraken'])).toEqual([])
  })
})
