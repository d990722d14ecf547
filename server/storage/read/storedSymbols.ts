import { DAY } from '../../../streams/market/candles.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { codecOf } from '../engine/rowBinary.ts'
import { select } from '../engine/select.ts'
import { TEXT } from '../engine/tables.ts'

/** Reads the symbols that have stored ticks. Every tick counts in the candle of its day, and there are few of these. */
export const storedSymbols = async (engine: Engine): Promise<string[]> => {
  const input = await select(engine, `SELECT DISTINCT symbol FROM ${quoted(engine.database)}.candles WHERE span = {day:UInt32}`, {
    day: DAY,
  })
  const text = codecOf(TEXT)
  const symbols: string[] = []
  while (!input.ended) symbols.push(text.read(input) as string)
  return symbols
}
