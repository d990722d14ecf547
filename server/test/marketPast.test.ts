import { afterEach, beforeEach, expect, it } from 'vitest'
import { marketPast } from '../storage/read/marketPast.ts'
import { Bench, openedEngine, openedSink } from './storageKit.ts'
import { trade } from './storageRows.ts'

const T = Date.UTC(2024, 7, 8, 12)

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

it('the past of a market has the newest trades up to its moment, in the order they came', async () => {
  const engine = await openedEngine(bench, 'embedded')
  const { sink, write } = await openedSink(bench, engine)
  const at = (t: number, id: string) => trade(t, { id })
  write(T + 20, [at(T + 10, 'a'), at(T + 5, 'late')])
  write(T + 40, [at(T + 40, 'b'), trade(T + 30, { symbol: 'ETH-USD', id: 'e' })])
  write(T + 7_200_000, [at(T + 7_200_000, 'c')])
  await sink.until(Number.POSITIVE_INFINITY)
  const ids = async (asOf: number) =>
    (await marketPast(engine, asOf)).instruments.flatMap(({ symbol, newest, last }) =>
      newest.length + last.length === 0 ? [] : [[symbol, [...newest, { id: '|' }, ...last].map(({ id }) => id).join(' ')]],
    )
  expect(await ids(Number.POSITIVE_INFINITY)).toEqual([
    ['BTC-USD', 'a late b c |'],
    ['ETH-USD', 'e |'],
  ])
  expect(await ids(T + 40)).toEqual([
    ['BTC-USD', 'a late | b'],
    ['ETH-USD', 'e |'],
  ])
  expect(await ids(T)).toEqual([])
})
