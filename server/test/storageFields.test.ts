import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MEASURES, type MeasureKind, type MeasureRow } from '../../streams/measures/rows.ts'
import { stateOf } from '../../streams/measures/stateOf.ts'
import { emptyObject, type JsonObject } from '../../streams/wire/mergePatch.ts'
import { AGGREGATES } from '../../streams/wire/requests.ts'
import { eachLeaf, keysOf, projected, setAt, valueAt } from '../../streams/wire/statePath.ts'
import { type History, openHistory } from '../storage/read/history.ts'
import { measureFields } from '../storage/read/measurePieces.ts'
import type { HistoryQuery } from '../storage/read/query.ts'
import { Bench, openedEngine, openedSink } from './storageKit.ts'
import { measureRows, trade } from './storageRows.ts'

const T = Date.UTC(2024, 7, 8, 23, 54)
const END = T + 1e7
const MINUTE = 60_000
const MEASURE_KINDS = Object.keys(MEASURES) as MeasureKind[]

/** States of each kind, with assets whose names hold dots. */
const NUMBERS = fc.integer({ min: -1e9, max: 1e9 }).map(n => n / 1000)
const ROWS = fc.sample(fc.array(measureRows(NUMBERS), { minLength: 90, maxLength: 90 }), { numRuns: 1, seed: 7 })[0]!
const ofKind = (kind: MeasureKind): MeasureRow[] =>
  ROWS.filter(row => row.kind === kind).map((row, i) => ({ ...row, id: 'main', t: T + i * 1500 }) as MeasureRow)

const TICKS = Array.from({ length: 240 }, (_, i) =>
  trade(T + Math.floor(i / 3) * 4000, { id: `${i}`, source: i % 2 ? 'x' : 'y', side: i % 3, price: 100 + Math.sin(i), size: i / 8 }),
)

/** What a step becomes, computed from its rows: of each number the aggregate. */
const aggregated = (rows: readonly JsonObject[], names: readonly string[], agg: 'avg' | 'min' | 'max', step: number): JsonObject[] => {
  const steps = new Map<number, JsonObject[]>()
  for (const row of rows) {
    const n = Math.floor(Number(row.t) / step)
    steps.set(n, [...(steps.get(n) ?? []), row])
  }
  return [...steps.values()].map(group => {
    const state = emptyObject()
    state.t = group.at(-1)!.t!
    for (const name of names) {
      const values = group.map(row => valueAt(row, name)).filter(value => typeof value === 'number')
      if (values.length === 0) continue
      const keys = keysOf(group.find(row => valueAt(row, name) !== undefined)!, name)!
      setAt(state, keys, agg === 'avg' ? values.reduce((a, b) => a + b / values.length, 0) : Math[agg](...values))
    }
    return state
  })
}

/** The same members; numbers that were added up may differ in the last digits. */
const same = (found: readonly JsonObject[], expected: readonly JsonObject[]): void => {
  expect(found).toHaveLength(expected.length)
  for (const [i, row] of expected.entries()) {
    const leaves = new Map<string, unknown>()
    eachLeaf(found[i]!, (path, value) => leaves.set(path, value))
    eachLeaf(row, (path, value) => {
      if (typeof value !== 'number') expect(leaves.get(path), path).toEqual(value)
      else expect(Math.abs((leaves.get(path) as number) - value), path).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)))
      leaves.delete(path)
    })
    expect([...leaves]).toEqual([])
  }
}

let bench: Bench
let history: History

beforeAll(async () => {
  bench = await Bench.open()
  const engine = await openedEngine(bench, 'embedded')
  const { sink, write } = await openedSink(bench, engine)
  write(T + 1000, TICKS, MEASURE_KINDS.flatMap(ofKind))
  await sink.until(T + 1000)
  history = openHistory(Promise.resolve(engine))
  await Promise.resolve()
})
afterAll(() => bench.close())

/** All pages of at most `limit` rows. */
const all = async (query: Omit<HistoryQuery, 'from' | 'to'>): Promise<JsonObject[]> => {
  const rows: JsonObject[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await history.rows({ from: 0, to: END, ...query, cursor })
    rows.push(...page.rows)
    if (page.next === undefined) return rows
    cursor = page.next
  }
}

describe.each(MEASURE_KINDS)('fields of %s', kind => {
  const states = ofKind(kind).map(stateOf)
  const { names, numbers, piece } = measureFields(kind)
  /** What the states themselves name: also figures of one asset. */
  const leaves = new Set<string>()
  for (const state of states) eachLeaf(state, path => piece(path) !== undefined && leaves.add(path))
  leaves.delete('t')

  it('are those of the whole state, whether one or several are asked for', async () => {
    expect(states.length).toBeGreaterThan(10)
    const each = [...new Set([...names(), ...leaves])]
    const some = fc.sample(fc.subarray(each, { minLength: 2, maxLength: 12 }), { numRuns: 12, seed: 1 })
    for (const fields of [...fc.sample(fc.subarray(each, { minLength: 1, maxLength: 1 }), { numRuns: 20, seed: 2 }), ...some, names()])
      same(
        await all({ channel: `${kind}:main`, fields, limit: 7 }),
        states.map(state => withoutEmpty(projected(state, ['t', ...fields]))),
      )
  })

  it('of a step are those of its first or last row, or put together from all', async () => {
    const step = 7000
    const fields = [...leaves].filter(name => piece(name)!.isNumber)
    for (const agg of AGGREGATES) {
      const found = await all({ channel: `${kind}:main`, fields, agg, step, limit: 3 })
      if (agg !== 'first' && agg !== 'last') {
        same(found, aggregated(states, fields, agg, step))
        same(await all({ channel: `${kind}:main`, agg, step }), aggregated(states, numbers(), agg, step))
        continue
      }
      const order = agg === 'first' ? states.toReversed() : states
      const chosen = new Map(order.map(state => [Math.floor(Number(state.t) / step), state]))
      const expected = [...chosen.values()].sort((a, b) => Number(a.t) - Number(b.t))
      same(
        found,
        expected.map(state => projected(state, ['t', ...fields])),
      )
      same(await all({ channel: `${kind}:main`, agg, step }), expected)
    }
  })

  it('come by columns, each as long as the others, null where a state does not have one', async () => {
    const fields = [...leaves].slice(0, 20)
    const { columns } = await history.columns({ channel: `${kind}:main`, from: 0, to: END, fields: [...fields, 't'] })
    expect(Object.keys(columns)).toEqual(['t', ...fields])
    for (const [name, values] of Object.entries(columns)) expect(values).toEqual(states.map(state => valueAt(state, name) ?? null))
  })

  it('that no state has are refused by name', async () => {
    const query = { channel: `${kind}:main`, from: 0, to: END }
    for (const fields of [
      ['navv'],
      ['inav.mid.x'],
      ['assets'],
      ['weights.'],
      ['weights.é'],
      ['pathPeak'],
      ['__proto__'],
      ['constructor'],
    ]) {
      if (piece(fields[0]!) !== undefined) continue
      await expect(history.rows({ ...query, fields }), fields[0]).rejects.toMatchObject({
        code: 'invalid_params',
        message: expect.stringMatching(new RegExp(`^fields\\.0: found "${fields[0]}", expected one of ${names()[0]}, `)),
      })
    }
    await expect(history.rows({ ...query, agg: 'avg' })).rejects.toMatchObject({
      message: 'agg: found avg without a step, expected a step',
    })
    const flag = names().find(name => name === 'stale')!
    await expect(history.rows({ ...query, fields: [flag], step: 1000, agg: 'max' })).rejects.toMatchObject({
      message: 'fields.0: found "stale", expected a figure that is a number, because agg is max',
    })
  })
})

/** Members of a projection that hold nothing are not read at all. */
const withoutEmpty = (state: JsonObject): JsonObject => {
  const kept = emptyObject()
  eachLeaf(state, path => setAt(kept, keysOf(state, path)!, valueAt(state, path)!))
  return kept
}

describe('fields of trades and candles', () => {
  const ticks = TICKS.map(({ t, price, size }) => ({ t, price, size }))

  it('of trades are those that were asked for, page by page', async () => {
    const channel = 'tick:BTC-USD'
    const whole = await all({ channel })
    for (const fields of [['price'], ['size', 'id'], ['side', 'src', 'price']])
      expect(await all({ channel, fields, limit: 7 })).toEqual(whole.map(row => ({ ...projected(row, ['t', ...fields]) })))
    for (const agg of ['avg', 'min', 'max'] as const)
      same(await all({ channel, agg, step: 20_000, limit: 2 }), aggregated(ticks, ['price', 'size'], agg, 20_000))
    const firsts = new Map(whole.toReversed().map(row => [Math.floor(Number(row.t) / 20_000), row]))
    expect(await all({ channel, agg: 'first', step: 20_000, limit: 2 })).toEqual([...firsts.values()].reverse())
  })

  it('of candles are those that were asked for; an aggregate is one of candles', async () => {
    const channel = 'candle:1m:BTC-USD'
    const whole = await all({ channel })
    expect(whole.length).toBeGreaterThan(4)
    for (const fields of [['c'], ['v', 'n', 'open_t'], ['gap', 'h']])
      expect(await all({ channel, fields, limit: 3 })).toEqual(whole.map(row => ({ ...projected(row, ['open_t', ...fields]) })))
    const step = 2 * MINUTE
    const byT = (row: JsonObject): JsonObject => ({ ...row, t: row.open_t! })
    for (const agg of ['avg', 'min', 'max'] as const) {
      const expected = aggregated(whole.map(byT), ['h', 'v'], agg, step).map(({ t, ...rest }) => ({
        open_t: Math.floor(Number(t) / step) * step,
        ...rest,
      }))
      for (const limit of [1, 2, 100]) same(await all({ channel, fields: ['h', 'v'], agg, step, limit }), expected)
    }
    const [first] = await all({ channel, agg: 'first', step, limit: 1 })
    expect(first).toEqual({ ...whole[0], open_t: Math.floor(Number(whole[0]!.open_t) / step) * step })
    expect(await all({ channel, agg: 'last', step })).toEqual(await all({ channel, step }))
  })

  it('come by columns', async () => {
    const { columns } = await history.columns({ channel: 'candle:1m:BTC-USD', from: 0, to: END, fields: ['c', 'gap'] })
    expect(Object.keys(columns)).toEqual(['open_t', 'c', 'gap'])
    expect(new Set(columns.gap)).toEqual(new Set([null]))
    const none = await history.columns({ channel: 'tick:NEVER-USD', from: 0, to: END, fields: ['price'] })
    expect(none).toEqual({ columns: { t: [], price: [] } })
  })
})
