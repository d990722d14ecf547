import { timeOf } from '../../../streams/lib/time.ts'
import { type Bad, isTime } from '../../../streams/market/ticks.ts'
import type { ChainLog } from '../../../streams/pools/chainLog.ts'
import type { Block } from '../../lib/blocks.ts'
import type { FeedInput } from '../feed.ts'
import { decimal } from '../venues/numbers.ts'
import { OutlierFilter, type Timed } from './outlierFilter.ts'
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
  private readonly rows = new OutlierFilter<LogRow>(
    ({ log }) => void this.logs.push(log),
    ({ line }) => this.leaveOut('time', line),
  )

  constructor(reading: Reading) {
    this.reading = reading
  }

  read({ first, lines }: Block): void {
    const latest = this.reading.latest()
    lines.forEach((text, i) => {
      if (text === '') return
      this.messages += 1
      const line = first + i
      const log = logOf(text)
      if (log === undefined) this.leaveOut('unreadable', line)
      else if (!isTime(log.t) || log.t > latest) this.leaveOut('time', line)
      else this.rows.put({ t: log.t, symbol: CHAIN, line, log })
    })
  }

  end(): void {
    this.rows.end()
  }

  drain(): readonly FeedInput[] {
    if (this.messages === 0 && this.logs.length === 0) return []
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

/** A log with its line. All are of one chain, as rows of one symbol are of one market. */
interface LogRow extends Timed {
  readonly line: number
  readonly log: ChainLog
}

const CHAIN = 0

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
  const t = blockTime(fields.block_timestamp ?? fields.blockTimestamp)
  return { t, block, index, address, topics, data, ...(removed === true && { removed }) }
}

const isHex = (value: unknown): value is string => typeof value === 'string' && HEX.test(value)

/** Returns a whole number; NaN if it is none. */
const integer = (value: unknown): number => {
  const n = isHex(value) && value.length > 2 ? Number(value) : decimal(value)
  return Number.isSafeInteger(n) ? n : Number.NaN
}

/** Returns ms, of a stamp in any unit, hexadecimal or not, or of an ISO 8601 time; NaN if it is none. */
const blockTime = (value: unknown): number => timeOf(isHex(value) ? Number(value) : value)
