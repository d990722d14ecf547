import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Condition } from './rule.ts'
import { above, ruleOf, World } from './test/world.ts'

const MINUTE = 60_000
const below = (lo: number, clearLo = lo): Condition => ({
  kind: 'beyond',
  lo,
  hi: Number.POSITIVE_INFINITY,
  clearLo,
  clearHi: Number.POSITIVE_INFINITY,
})
const moved = (by: number, withinMs: number, side: 'above' | 'below' | 'both' = 'both'): Condition => ({
  kind: 'moved',
  by,
  withinMs,
  clear: by / 2,
  side,
})

/** What a rule says of a figure as it goes: `[t, value]`, one after another. */
const said = (
  rule: ReturnType<typeof ruleOf>,
  steps: readonly (readonly [t: number, value: number | string | boolean | undefined])[],
): string[] => {
  const world = new World([rule])
  for (const [t, value] of steps) world.frame(t, { 'tick:A': value })
  return world.said
}

describe('a rule', () => {
  it.each([
    [
      'fires above its bound, and not at it',
      ruleOf(above(10)),
      [
        [1, 10],
        [2, 10.1],
        [3, 10],
      ],
      ['opened tick:A@2', 'cleared tick:A@3'],
    ],
    [
      'fires below its bound',
      ruleOf(below(10)),
      [
        [1, 10],
        [2, 9],
        [3, 8],
      ],
      ['opened tick:A@2'],
    ],
    [
      'clears only beyond its hysteresis',
      ruleOf(above(10, 8)),
      [
        [1, 11],
        [2, 9],
        [3, 11],
        [4, 8],
      ],
      ['opened tick:A@1', 'cleared tick:A@4'],
    ],
    [
      'fires when the condition has held long enough, though nothing changes',
      ruleOf(above(10), { forMs: 5 }),
      [
        [1, 11],
        [9, 11],
      ],
      ['opened tick:A@6'],
    ],
    [
      'begins again when it was over in between',
      ruleOf(above(10), { forMs: 5 }),
      [
        [1, 11],
        [4, 9],
        [5, 11],
        [9, 12],
        [11, 12],
      ],
      ['opened tick:A@10'],
    ],
    [
      'clears when it has been over long enough',
      ruleOf(above(10), { clearForMs: 5 }),
      [
        [1, 11],
        [2, 9],
        [4, 11],
        [5, 9],
        [20, 9],
      ],
      ['opened tick:A@1', 'cleared tick:A@10'],
    ],
    [
      'is confirmed when it has lasted',
      ruleOf(above(10), { confirmMs: 5 }),
      [
        [1, 11],
        [9, 11],
        [10, 9],
      ],
      ['opened tick:A@1', 'confirmed tick:A@6', 'cleared tick:A@10'],
    ],
    [
      'says nothing of what is unknown',
      ruleOf(above(10)),
      [
        [1, undefined],
        [2, Number.NaN],
      ],
      [],
    ],
    [
      'does not clear because a figure is unknown',
      ruleOf(above(10)),
      [
        [1, 11],
        [2, undefined],
        [3, 11],
        [4, 9],
      ],
      ['opened tick:A@1', 'cleared tick:A@4'],
    ],
    [
      'does not fire on what was unknown in between',
      ruleOf(above(10), { forMs: 5 }),
      [
        [1, 11],
        [3, undefined],
        [9, 11],
      ],
      [],
    ],
    [
      'compares texts',
      ruleOf({ kind: 'is', value: 'down' }),
      [
        [1, 'live'],
        [2, 'down'],
        [3, 'live'],
      ],
      ['opened tick:A@2', 'cleared tick:A@3'],
    ],
    [
      'compares booleans, and takes absent for not so',
      ruleOf({ kind: 'is', value: true }),
      [
        [1, false],
        [2, true],
        [3, undefined],
      ],
      ['opened tick:A@2', 'cleared tick:A@3'],
    ],
    [
      'notes what does not change',
      ruleOf({ kind: 'stale', ms: 10 }),
      [
        [1, 5],
        [6, 6],
        [11, 6],
        [30, 7],
        [31, 8],
      ],
      ['opened tick:A@16', 'cleared tick:A@30'],
    ],
    [
      'notes what never comes',
      ruleOf({ kind: 'stale', ms: 10 }),
      [
        [1, undefined],
        [50, undefined],
      ],
      ['opened tick:A@11'],
    ],
    [
      'sees a rise within its span',
      ruleOf(moved(0.1, MINUTE)),
      [
        [0, 100],
        [30_000, 109],
        [50_000, 111],
      ],
      ['opened tick:A@50000'],
    ],
    [
      'sees a jump after a long quiet time',
      ruleOf(moved(0.1, MINUTE)),
      [
        [0, 100],
        [10 * MINUTE, 111],
      ],
      ['opened tick:A@600000'],
    ],
    [
      'takes a slow rise for none',
      ruleOf(moved(0.1, MINUTE)),
      [
        [0, 100],
        [MINUTE, 105],
        [2 * MINUTE + 2_000, 111],
      ],
      [],
    ],
    [
      'sees only falls if only falls are watched',
      ruleOf(moved(0.1, MINUTE, 'below')),
      [
        [0, 100],
        [1, 120],
        [2, 107],
      ],
      ['opened tick:A@2'],
    ],
    [
      'clears by time alone when the move is over',
      ruleOf(moved(0.1, MINUTE)),
      [
        [0, 100],
        [1_000, 120],
        [5 * MINUTE, 120],
      ],
      ['opened tick:A@1000', 'cleared tick:A@62000'],
    ],
  ] as const)('%s', (_, rule, steps, expected) => {
    expect(said(rule, steps)).toEqual(expected)
  })

  it('holds a figure against another, as a fraction', () => {
    const world = new World([ruleOf(above(0.01), { channel: 'tick:A', against: { channel: 'tick:B', figure: 'price' } })])
    world.frame(1, { 'tick:B': 100, 'tick:A': 100.9 })
    world.frame(2, { 'tick:A': 101.1 })
    expect(world.happened.map(({ alert }) => alert.evidence.value)).toEqual([expect.closeTo(0.011, 9)])
  })

  it('counts only while another figure is large enough', () => {
    const world = new World([ruleOf(above(10), { only: { figure: 'size', above: 1000 } })])
    world.frame(1, { 'tick:A': 11, 'tick:A size': 1000 })
    expect(world.said).toEqual([])
    world.frame(2, { 'tick:A size': 1001 })
    expect(world.said).toEqual(['opened tick:A@2'])
  })

  it('says the same whatever frames lie between its values', () => {
    const walk = fc.array(
      fc.record({ dt: fc.integer({ min: 1, max: 40 }), value: fc.integer({ min: 80, max: 125 }), empty: fc.boolean() }),
      { maxLength: 60 },
    )
    const rules = [
      ruleOf(above(110, 100), { forMs: 25, clearForMs: 15, confirmMs: 50 }),
      ruleOf(moved(0.2, 120)),
      ruleOf({ kind: 'stale', ms: 60 }),
    ]
    fc.assert(
      fc.property(walk, fc.constantFrom(...rules), (steps, rule) => {
        const [sparse, dense] = [new World([rule]), new World([rule])]
        let [t, price] = [1_000, 100]
        for (const world of [sparse, dense]) world.frame(t, { 'tick:A': price })
        for (const { dt, value, empty } of steps) {
          for (let between = t + 1; between < t + dt; between++) dense.frame(between, { 'tick:A': price })
          t += dt
          if (!empty) price = value
          for (const world of [sparse, dense]) world.frame(t, { 'tick:A': price })
        }
        return void expect(sparse.said).toEqual(dense.said)
      }),
    )
  })

  it('alternates between open and cleared, each alert with an id of its own and rising steps', () => {
    const rule = ruleOf(above(110, 105), { forMs: 3, clearForMs: 2, confirmMs: 4 })
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 95, max: 120 }), { nil: undefined }), { maxLength: 80 }), values => {
        const world = new World([rule])
        for (const [i, value] of values.entries()) world.frame(i + 1, { 'tick:A': value })
        const openings = world.happened.filter(({ event }) => event === 'opened')
        expect(new Set(openings.map(({ alert }) => alert.id)).size).toBe(openings.length)
        let open: string | undefined
        let step = -1
        for (const { event, alert } of world.happened) {
          expect(event === 'opened').toBe(open === undefined)
          expect(alert.step).toBe(event === 'opened' ? 0 : step + 1)
          step = alert.step
          open = event === 'cleared' ? undefined : alert.id
          expect([...world.alerts.book.all.open.keys()].length).toBeLessThanOrEqual(1)
        }
        expect([...world.alerts.book.all.open.keys()]).toEqual(open === undefined ? [] : [open])
      }),
    )
  })
})

describe('alerts that fire together', () => {
  const rule = ruleOf(above(10), { together: { atLeast: 3, withinMs: 100 } })

  it('are one market alert, which clears with the last of them', () => {
    const world = new World([rule])
    world.frame(1, { 'tick:A': 11, 'tick:B': 12, 'tick:C': 13, 'tick:D': 9 })
    const market = world.happened.find(({ alert }) => alert.members)!.alert
    expect(market.members).toEqual(['tick:A', 'tick:B', 'tick:C'])
    expect(world.happened.filter(({ alert }) => alert.market === market.id)).toHaveLength(3)
    world.frame(2, { 'tick:A': 9, 'tick:B': 9 })
    expect(world.said.at(-1)).toBe('cleared tick:B@2')
    world.frame(3, { 'tick:C': 9 })
    expect(world.said.slice(-2)).toEqual(['cleared tick:C@3', 'cleared market@3'])
    expect(world.alerts.book.all.open.size).toBe(0)
  })

  it('may come one after another, and more may join', () => {
    const world = new World([rule])
    world.frame(1, { 'tick:A': 11 })
    world.frame(50, { 'tick:B': 11 })
    world.frame(99, { 'tick:C': 11 })
    world.frame(150, { 'tick:D': 11 })
    expect(world.said).toEqual([
      'opened tick:A@1',
      'opened tick:B@50',
      'opened tick:C@99',
      'opened market@99',
      'joined tick:A@99',
      'joined tick:B@99',
      'opened tick:D@150',
      'joined market@150',
    ])
    expect(world.happened.at(-1)!.alert.members).toEqual(['tick:A', 'tick:B', 'tick:C', 'tick:D'])
  })

  it('are none if they are too few at a time', () => {
    const world = new World([rule])
    world.frame(1, { 'tick:A': 11 })
    world.frame(90, { 'tick:B': 11 })
    world.frame(150, { 'tick:C': 11 })
    expect(world.happened.filter(({ alert }) => alert.members)).toEqual([])
  })

  it('is for everybody only if all its channels are', () => {
    const world = new World([rule], channel => channel !== 'tick:B')
    world.frame(1, { 'tick:A': 11, 'tick:B': 12, 'tick:C': 13 })
    const { everybodys, all } = world.alerts.book
    expect([...everybodys.open.values()].map(({ channel }) => channel)).toEqual(['tick:A', 'tick:C'])
    expect(all.open.size).toBe(4)
  })
})

describe('after a restart', () => {
  const rules = [
    ruleOf(above(10, 8), { id: 'a', confirmMs: 50 }),
    ruleOf({ kind: 'stale', ms: 20 }, { id: 'b' }),
    ruleOf(above(10), { id: 'c', together: { atLeast: 2, withinMs: 100 } }),
  ]

  it('what is open stays open, and goes on as if nothing had happened', () => {
    const [whole, first, second] = [new World(rules), new World(rules), new World(rules)]
    for (const world of [whole, first]) world.frame(1, { 'tick:A': 11, 'tick:B': 12 })
    for (const world of [whole, first]) world.frame(10, { 'tick:B': 9 })
    const before = whole.said.length
    second.resume(15, [...first.alerts.book.all.open.values()])
    expect([...second.alerts.book.all.open]).toEqual([...first.alerts.book.all.open])
    for (const world of [whole, second]) world.frame(20, { 'tick:A': 11, 'tick:B': 9 })
    for (const world of [whole, second]) world.frame(70, { 'tick:A': 11.5, 'tick:B': 9.5 })
    for (const world of [whole, second]) world.frame(80, { 'tick:A': 7, 'tick:B': 7 })
    // One that counts how long something has not come counts again.
    const laterOf = ({ happened }: World, from = 0) =>
      happened
        .slice(from)
        .flatMap(({ event, alert }) => (alert.rule === 'b' ? [] : `${event} ${alert.id} ${alert.step}`))
        .sort()
    expect(laterOf(second)).toEqual(laterOf(whole, before))
    expect(laterOf(second)).toHaveLength(6)
  })

  it('an alert whose rule is no more clears', () => {
    const [first, second] = [new World(rules), new World(rules.slice(1, 2))]
    first.frame(1, { 'tick:A': 11 })
    second.resume(5, [...first.alerts.book.all.open.values()])
    second.frame(6)
    expect(second.happened.map(({ event, alert }) => [event, alert.rule, alert.why])).toEqual([
      ['cleared', 'a', 'no rule'],
      ['cleared', 'c', 'no rule'],
    ])
  })
})
