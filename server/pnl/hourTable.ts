import { Readable } from 'node:stream'
import { drainStream } from '@clickhouse/client'
import type { AssetPnl } from '../../streams/measures/rows.ts'
import { KNOWN_SUMS, SUMS } from '../../streams/measures/sums.ts'
import { assetAt, type HourRow } from '../../streams/pnl/hours.ts'
import { ROWS_A_TURN, yieldTurn } from '../lib/yieldTurn.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { type Codec, type Column, codecOf, type RowReader, RowWriter } from '../storage/engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../storage/engine/select.ts'
import { columnList, columnName, TEXT, TIME } from '../storage/engine/tables.ts'

/** The table `pnl_hours`: rows come out of it as they went in, to the last digit. */

const NUMBER = 'Nullable(Float64)'
const MEMBERS = [...SUMS, ...KNOWN_SUMS]
const SUM_COLUMNS = MEMBERS.map(columnName)

const COLUMNS: readonly Column[] = [
  { name: 'id', type: TEXT },
  { name: 'stored', type: TIME },
  { name: 't', type: TIME },
  ...SUM_COLUMNS.map(name => ({ name, type: NUMBER })),
  { name: 'assets.asset', type: `Array(${TEXT})` },
  { name: 'assets.qty', type: 'Array(Float64)' },
  { name: 'assets.price', type: 'Array(Nullable(Float64))' },
  { name: 'assets.cost', type: 'Array(Nullable(Float64))' },
  { name: 'assets.realised', type: 'Array(Nullable(Float64))' },
  { name: 'unpriced.asset', type: `Array(${TEXT})` },
  { name: 'unpriced.why', type: `Array(${TEXT})` },
  { name: 'carried.asset', type: `Array(${TEXT})` },
  { name: 'carried.since', type: `Array(${TIME})` },
]

const text = codecOf(TEXT) as Codec<string>
const ms = codecOf(TIME) as Codec<number>
const sumCodec = codecOf(NUMBER) as Codec<number>
const texts = codecOf(`Array(${TEXT})`) as Codec<readonly string[]>
const doubles = codecOf('Array(Float64)') as Codec<readonly number[]>
const nullable = codecOf('Array(Nullable(Float64))') as Codec<readonly number[]>
const times = codecOf(`Array(${TIME})`) as Codec<readonly number[]>

/** Returns the expression of an asset's numbers, NULL as NaN. */
const known = (member: string): string => `arrayMap(number -> ifNull(number, nan), assets.${member})`

/** Stores rows of a portfolio. Of two rows of one hour the one with the greater `stored` (ms) counts. */
export const insertHours = async (engine: Engine, id: string, rows: readonly HourRow[], stored: number): Promise<void> => {
  const out = new RowWriter(64 * 1024)
  for (const row of rows) {
    text.write(out, id)
    ms.write(out, stored)
    ms.write(out, row.t)
    for (const sum of MEMBERS) sumCodec.write(out, row[sum])
    const of = <T>(codec: Codec<readonly T[]>, value: (figures: AssetPnl) => T): void => codec.write(out, row.assets.map(value))
    of(texts, x => x.asset)
    of(doubles, x => x.qty)
    of(nullable, x => x.price)
    of(nullable, x => x.cost)
    of(nullable, x => x.realised)
    writePairs(out, texts, row.unpriced)
    writePairs(out, times, row.carried)
  }
  const { stream } = await engine.client.exec({
    query: `INSERT INTO ${quoted(engine.database)}.pnl_hours (${columnList(COLUMNS)}) SETTINGS async_insert = 0 FORMAT RowBinary`,
    values: Readable.from([out.written()], { objectMode: false }),
  })
  await drainStream(stream)
}

/** Reads rows of a portfolio with `from ≤ t ≤ to` (ms), oldest first, at most `most`: those that end a `step` (ms), and that of `to`. */
export const readHours = async (engine: Engine, id: string, from: number, to: number, step: number, most: number): Promise<HourRow[]> => {
  const input = await select(
    engine,
    `SELECT t, ${SUM_COLUMNS.map(name => `ifNull(${name}, nan)`).join(', ')}, assets.asset, assets.qty, ${known('price')}, ${known('cost')},
      ${known('realised')}, unpriced.asset, unpriced.why, carried.asset, carried.since
    FROM ${quoted(engine.database)}.pnl_hours FINAL
    WHERE id = {id:String} AND t >= ${timeOf('from')} AND t <= ${timeOf('to')}
      AND (toUnixTimestamp64Milli(t) % {step:Int64} = 0 OR t = ${timeOf('to')})
    ORDER BY t LIMIT {most:UInt32} ${READ_LIMITS}`,
    { id, from, to, step, most },
  )
  const rows: HourRow[] = []
  const readHour = hourReader(input)
  while (!input.ended) {
    rows.push(readHour())
    if (rows.length % ROWS_A_TURN === 0) await yieldTurn()
  }
  return rows
}

/**
 * Returns a function that reads the next row. A year of ten assets is a million figures, so arrays of numbers, which are as long as that
 * of the names, are read in place, and names equal to those of the row before are not made again.
 */
const hourReader = (input: RowReader): (() => HourRow) => {
  const { bytes, view } = input
  let names: readonly string[] = []
  let namesFrom = 0
  let namesTo = 0

  const readNames = (): void => {
    const from = input.at
    texts.skip(input)
    const to = input.at
    if (bytes.compare(bytes, namesFrom, namesTo, from, to) !== 0 || namesTo === 0) {
      input.at = from
      names = texts.read(input)
    }
    namesFrom = from
    namesTo = to
  }
  /** Steps over an array of doubles, and returns the place of the first. */
  const doublesAt = (): number => {
    const size = names.length * 8
    let head = 1
    for (let rest = names.length; rest > 127; rest >>>= 7) head += 1
    return input.step(head + size) + head
  }
  const readPairs = <T>(values: Codec<readonly T[]>): [name: string, value: T][] => {
    if (bytes[input.at] === 0) {
      input.step(2) // two empty arrays
      return []
    }
    const first = texts.read(input)
    const second = values.read(input)
    return first.map((name, i) => [name, second[i]!])
  }

  return () => {
    const t = ms.read(input)
    const sums = input.step(MEMBERS.length * 8)
    readNames()
    const qty = doublesAt()
    const price = doublesAt()
    const cost = doublesAt()
    const realised = doublesAt()
    const assets: AssetPnl[] = []
    for (let i = 0, at = 0; i < names.length; i++, at += 8) {
      const held = {
        asset: names[i]!,
        qty: view.getFloat64(qty + at, true),
        cost: view.getFloat64(cost + at, true),
        realised: view.getFloat64(realised + at, true),
      }
      assets.push(assetAt(held, view.getFloat64(price + at, true)))
    }
    const sum = (i: number): number => view.getFloat64(sums + i * 8, true) // in the order of MEMBERS
    return {
      t,
      value: sum(0),
      cost: sum(1),
      unrealised: sum(2),
      realised: sum(3),
      income: sum(4),
      expenses: sum(5),
      fees: sum(6),
      flows: sum(7),
      total: sum(8),
      knownValue: sum(9),
      knownCost: sum(10),
      knownUnrealised: sum(11),
      knownRealised: sum(12),
      knownIncome: sum(13),
      knownExpenses: sum(14),
      knownFees: sum(15),
      knownFlows: sum(16),
      knownTotal: sum(17),
      assets,
      unpriced: readPairs(texts),
      carried: readPairs(times),
    }
  }
}

const writePairs = <T>(out: RowWriter, values: Codec<readonly T[]>, pairs: readonly (readonly [name: string, value: T])[]): void => {
  texts.write(
    out,
    pairs.map(([name]) => name),
  )
  values.write(
    out,
    pairs.map(([, value]) => value),
  )
}
