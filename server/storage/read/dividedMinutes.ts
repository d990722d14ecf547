import { Candle, MINUTE } from '../../../streams/market/candles.ts'
import type { Gap } from '../../../streams/market/gaps.ts'
import { dividing, factorOfAll, type Rescale } from '../../../streams/market/rescale.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { TIME } from '../engine/tables.ts'
import type { SourceMinute } from './bars.ts'

/** Minutes on one scale each. */
export interface ScaledMinutes {
  readonly minutes: readonly SourceMinute[]
  /** By source, minutes of two scales whose ticks are no longer kept. */
  readonly unknown: ReadonlyMap<string, readonly Gap[]>
}

/**
 * Returns stored minutes of a symbol, each on the scale of its last trade. One in which something happened to an asset, with trades of before
 * and after it, is put together again from its ticks.
 */
export const onOneScale = async (
  engine: Engine,
  symbol: string,
  minutes: readonly SourceMinute[],
  rescales: readonly Rescale[],
): Promise<ScaledMinutes> => {
  const unknown = new Map<string, Gap[]>()
  if (rescales.length === 0) return { minutes, unknown }
  const scaled: SourceMinute[] = []
  for (const stored of minutes) {
    const { src, minute } = stored
    const within = dividing(rescales, minute.firstT, minute.lastT + 1)
    const again = within.length > 0 ? await ofTicks(engine, symbol, stored, within) : minute
    const isWhole = again.n === minute.n
    scaled.push({ src, minute: isWhole ? again : minute })
    if (!isWhole) unknown.set(src, [...(unknown.get(src) ?? []), { from: minute.openT, to: minute.openT + MINUTE }])
  }
  return { minutes: scaled, unknown }
}

/** Sums the trades of a source in a minute, each on the scale of the last. */
const ofTicks = async (
  engine: Engine,
  symbol: string,
  { src, minute: { openT, lastT } }: SourceMinute,
  rescales: readonly Rescale[],
): Promise<Candle> => {
  const input = await select(
    engine,
    `SELECT t, price, size FROM ${quoted(engine.database)}.ticks FINAL
     WHERE symbol = {symbol:String} AND src = {src:String} AND t >= ${timeOf('openT')} AND t <= ${timeOf('lastT')} AND span = 0
     ORDER BY t, frame, row, id ${READ_LIMITS}`,
    { symbol, src, openT, lastT },
  )
  const minute = new Candle(openT)
  while (!input.ended) {
    const [t, price, size] = [ms.read(input), number.read(input), number.read(input)]
    const by = factorOfAll(dividing(rescales, t, lastT + 1))
    minute.trade(t, price * by.price, size * by.size)
  }
  return minute
}

const number = codecOf('Float64') as Codec<number>
const ms = codecOf(TIME) as Codec<number>
