import { HOUR } from '../../../streams/market/candles.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, LAST_MS } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { TIME } from '../engine/tables.ts'

/** Returns the end (ms) of the first frame whose ticks from before `t` (ms) are stored; undefined if there is none. */
export const firstFrame = async (engine: Engine, t: number): Promise<number | undefined> => {
  const where = `t < ${timeOf('t')} AND frame > ${timeOf('never')}`
  const input = await select(
    engine,
    `SELECT min(frame) FROM ${quoted(engine.database)}.ticks WHERE ${where} HAVING count() > 0 ${READ_LIMITS}`,
    { t: Math.min(t, LAST_MS), never: 0 },
  )
  return input.ended ? undefined : ms.read(input)
}

/**
 * Returns the end (ms) of the last frame of `frameMs` with stored ticks from before `t` (ms), or of the one before that of `t` if that is the last;
 * undefined if none are stored. Imports are in no frame.
 */
export const lastFrame = async (engine: Engine, t: number, frameMs: number): Promise<number | undefined> => {
  const db = quoted(engine.database)
  const to = Math.min(t, LAST_MS)
  const input = await select(
    engine,
    `SELECT max(frame) FROM ${db}.ticks
    WHERE t < ${timeOf('to')} AND frame > ${timeOf('never')} AND t >= (
      SELECT max(last_t) - toIntervalMillisecond({hour:Int64}) FROM ${db}.bars WHERE span = {hour:UInt32} AND open_t < ${timeOf('to')} AND first_t < ${timeOf('to')}
    ) HAVING count() > 0 ${READ_LIMITS}`,
    { to, never: 0, hour: HOUR },
  )
  return input.ended ? undefined : Math.min(ms.read(input), (Math.ceil(t / frameMs) - 1) * frameMs)
}

const ms = codecOf(TIME) as Codec<number>
