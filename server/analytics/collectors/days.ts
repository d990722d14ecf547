import { DAY, floorTo } from '../../../streams/market/candles.ts'

/** Days that are read again, because sources correct their newest. */
const CORRECTED = 7
/** Days of the past that are read of an asset of which nothing is stored. */
const FIRST = 400

/** Returns the beginning (ms) of the first day to read, if `since` is the newest that is stored. */
export const firstDay = (since: number | undefined, now: number): number =>
  since === undefined ? floorTo(now, DAY) - FIRST * DAY : since - CORRECTED * DAY
