import type { Gap } from '../../../streams/market/gaps.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { TEXT, TIME } from '../engine/tables.ts'

/** Returns by source when trades of a symbol were not heard, as far as it touches `from ≤ t < to` (ms), oldest first. */
export const gapsOf = async (engine: Engine, symbol: string, from: number, to: number): Promise<Map<string, Gap[]>> => {
  const input = await select(
    engine,
    `SELECT src, t, until FROM ${quoted(engine.database)}.listening FINAL
     WHERE kind = 'missed' AND symbol = {symbol:String} AND until > ${timeOf('from')} AND t < ${timeOf('to')} AND until > t
     ORDER BY t ${READ_LIMITS}`,
    { symbol, from, to },
  )
  const gaps = new Map<string, Gap[]>()
  while (!input.ended) {
    const src = text.read(input)
    const gap = { from: ms.read(input), to: ms.read(input) }
    gaps.set(src, [...(gaps.get(src) ?? []), gap])
  }
  return gaps
}

const text = codecOf(TEXT) as Codec<string>
const ms = codecOf(TIME) as Codec<number>
