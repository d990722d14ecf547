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

  it.each<[config: object, expected: RegExp]>([
    [rule({}), /one condition/],
    [rule({ above: 1, is: true }), /one condition/],
    [rule({ above: 1, below: 2 }), /below \+ clearBy/],
    [rule({ above: 1, channel: 'nothing:X' }), /a channel such as/],
    [rule({ above: 1, channel: 'fund:TOP10', figure: '' }), /figure/],
    [rule({ above: 1, against: { channel: 'tick', figure: 'price' } }), /a channel such as/],
    [rule({ above: 1, together: { atLeast: 1, withinMs: 5 } }), /atLeast/],
    [rule({ above: 1, together: { atLeast: 2, withinMs: 5 } }), /one channel is not many/],
    ...['alerts', 'allalerts', 'orders', 'holdings', 'nothing:*', 'candle:7m:*', '*'].map((channel): [object, RegExp] => [
      rule({ above: 1, channel }),
      /a channel such as/,
    ]),
    [rule({ away: { by: 0.1, clear: 0.2 } }), /clear at most by/],
    [rule({ moves: { by: 0.1, withinMs: 5, clear: 0.2 } }), /clear at most by/],
    [rule({ moves: { by: 1, withinMs: 5, side: 'below' } }), /by below 1/],
    [rule({ deviates: { everyMs: 5, clear: 1.1 } }), /clear at most 1/],
    [rule({ deviates: { everyMs: 5, change: true, clear: 1 } }), /clear at most 1/],
    [rule({ deviates: { everyMs: 5, window: 5, samples: 6 } }), /samples at most window/],
    [rule({ deviates: { everyMs: 5, mads: 0 } }), /mads or least above 0/],
    [rule({ is: true, clearBy: 1 }), /clearBy only with/],
    [rule({ is: true, against: { channel: 'tick:A-USD', figure: 'price' } }), /against only with/],
    [rule({ above: 1, against: { channel: 'tick:*-USD', figure: 'price' } }), /channel has none/],
    [{ alerts: { webhooks: [{ url: 'https://me:secret@desk.example/' }] } }, /without name and password/],
  ])('%j is a mistake', (config, expected) => {
    expect(JSON.stringify(configSchema.safeParse(config).error?.issues)).toMatch(expected)
  })

  it.each(['tick:*', 'tick:BTC-*', 'trades:BTC*', 'candle:*', 'candle:1m:*', 'fund:*', 'metrics:A*', 'status'])(
    'can be about %s',
    channel => {
      expect(read(rule({ above: 1, channel })).rules[0]!.channel).toBe(channel)
    },
  )

  it('have webhooks of different addresses', () => {
    const twice = configSchema.parse({ alerts: { webhooks: ['a', 'b', 'a'].map(path => ({ url: `https://desk.example/${path}` })) } })
    expect(contradiction(twice)).toBe('alerts.webhooks.2.url: found the address of webhook 0 again, expected each once')
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
