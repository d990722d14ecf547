import { type Bad, FIRST_TIME } from '../../../streams/market/ticks.ts'
import type { ChainLog } from '../../../streams/pools/chainLog.ts'
import type { FeedInput } from '../feed.ts'
import { decimal, isoTime } from '../venues/numbers.ts'
import type { Block } from '../../lib/blocks.ts'
import type { Reader, Reading, Recognise } from './reader.ts'

/**
 * Ethereum event logs, one JSON object a line, with the names of exports (`block_number`) or of `eth_getLogs` (`blockNumber`,
 * numbers in hexadecimal). The address may be absent in a file of one contract; the time of the block may not.
 */
export const logs: Recognise = ({ lines }) =>
  lines.some(line => logOf(line) !== undefined) ? { reader: reading => new LogLines(reading) } : undefined

class LogLines implements Reader {
  private readonly reading: Reading
  private logs: ChainLog[] = []
  private messages = 0
  private bad: Partial<Record<Bad, number>> = {}

  constructor(reading: Reading) {
    this.reading = reading
  }

  read({ first, lines }: Block): void {
    lines.forEach((line, i) => {
      if (line === '') return
      this.messages += 1
      const log = logOf(line)
      if (log === undefined) this.leaveOut('unreadable', first + i)
      else if (!(log.t >= FIRST_TIME)) this.leaveOut('time', first + i)
      else this.logs.push(log)
    })
  }

  end(): void {}

  drain(): readonly FeedInput[] {
    if (this.messages === 0) return []
    const { logs, messages, bad } = this
    this.logs = []
    this.messages = 0
    this.bad = {}
    return [{ kind: 'chain', feed: this.reading.context.feed, logs, messages, bad }]
  }

  private leaveOut(kind: Bad, line: number): void {
    this.bad[kind] = (this.bad[kind] ?? 0) + 1
    this.reading.leftOut.note(kind, 1, line)
  }
}

type Fields = Partial<
  Record<
    | 'block_number'
    | 'blockNumber'
    | 'log_index'
    | 'logIndex'
    | 'block_timestamp'
    | 'blockTimestamp'
    | 'address'
    | 'topics'
    | 'data'
    | 'removed',
    unknown
  >
>

const HEX = /^0x[0-9a-f]*$/i

/** Returns the log of a line; undefined if it is none. Its time is NaN if it has none. */
const logOf = (line: string): ChainLog | undefined => {
  if (!line.startsWith('{')) return undefined
  let fields: Fields
  try {
    fields = Object(JSON.parse(line))
  } catch {
    return undefined
  }
  const { topics, data, address = '', removed } = fields
  const block = integer(fields.block_number ?? fields.blockNumber)
  const index = integer(fields.log_index ?? fields.logIndex)
  if (!(block >= 0 && index >= 0) || typeof address !== 'string' || !isHex(data)) return undefined
  if (!Array.isArray(topics) || !topics.every(isHex)) return undefined
  const t = timeOf(fields.block_timestamp ?? fields.blockTimestamp)
  return { t, block, index, address, topics, data, ...(removed === true && { removed }) }
}

const isHex = (value: unknown): value is string => typeof value === 'string' && HEX.test(value)

/** Returns a whole number; NaN if it is none. */
const integer = (value: unknown): number => {
  const n = isHex(value) && value.length > 2 ? Number(value) : decimal(value)
  return Number.isSafeInteger(n) ? n : Number.NaN
}

/** Returns ms, of seconds or an RFC 3339 time. */
const timeOf = (value: unknown): number => {
  const seconds = integer(value)
  return Number.isNaN(seconds) ? isoTime(value) : seconds * 1_000
}
