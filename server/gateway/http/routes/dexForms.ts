import { z } from 'zod'

/** A decimal as the aggregators' formats write numbers. */
export const DECIMAL = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .describe('a plain decimal')

/** A time after 2001: seconds would not pass. */
export const DEX_MS = z.int().min(1e12).describe('ms since the epoch')

/** A pair of coins. */
export const PAIR = z.string().describe('BASE_TARGET')

/** A side of an order book. */
export const LEVELS = z.array(z.tuple([DECIMAL, DECIMAL])).describe('price and base volume, best first')

/** The coins of a market. */
export const VARIANTS = z.array(z.string()).describe('the coins as they were named, with their platforms')
