import { timeOf } from '../../../streams/lib/time.ts'
import { type Bad, isTime } from '../../../streams/market/ticks.ts'
import type { ChainLog } from '../../../streams/pools/chainLog.ts'
import type { Block } from '../../lib/blocks.ts'
import type { FeedInput } from '../feed.ts'
import { inBlockOrder, type SourcedLog } from '../logOrder.ts'
import { decimal } from '../venues/numbers.ts'
import { OutlierFilter, type Timed } from './outlierFilter.ts'
import type { Reader, Reading, Recognise } from './reader.ts'

/**
 * Ethereum event logs, one JSON object a line, with the names of exports (`block_number`), of `eth_getLogs` (`blockNumber`, numbers in
 * hexadecimal) or of Etherscan (`timeStamp`); or a whole answer of either, a line. The address may be absent in a file of one
 * contract; the time of the block may not.
 */
export const logs: Recognise = ({ lines }) =>
  lines.some(line => entriesOf(line).some(entry => logOf(entry) !== undefined)) ? { reader: reading => new LogLines(reading) } : undefined

class LogLines implements Reader {
  private readonly reading: Reading
  private logs: ChainLog[] = []
  /** Logs of the newest block; more may follow. */
  private block: FileLog[] = []
  private messages = 0
  private bad: Partial<Record<Bad, number>> = {}
  private readonly rows = new OutlierFilter<LogRow>(
    ({ log }) => this.put(log),
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
      for (const entry of entriesOf(text)) {
        const log = logOf(entry)
        if (log === undefined) this.leaveOut('unreadable', line)
        else if (!isTime(log.t) || log.t > latest) this.leaveOut('time', line)
        else this.rows.put({ t: log.t, symbol: CHAIN, line, log })
      }
    })
  }

  end(): void {
    this.rows.end()
    this.endBlock()
  }

  drain(): readonly FeedInput[] {
    if (this.messages === 0 && this.logs.length === 0) return []
    const { logs, messages, bad } = this
    this.logs = []
    this.messages = 0
    this.bad = {}
    return [{ kind: 'chain', feed: this.reading.context.feed, logs, messages, bad }]
  }

  private put(log: FileLog): void {
    const last = this.block.at(-1)
    if (last && (last.block !== log.block || last.removed || log.removed)) this.endBlock()
    this.block.push(log)
  }

  /** Brings the logs of a block into their order. */
  private endBlock(): void {
    for (const { transaction: _, transactionHash: _hash, ...log } of inBlockOrder(this.block)) this.logs.push(log)
    this.block = []
  }

  private leaveOut(kind: Bad, line: number): void {
    this.bad[kind] = (this.bad[kind] ?? 0) + 1
    this.reading.leftOut.note(kind, 1, line)
  }
}

/** A log with its line. All are of one chain, as rows of one symbol are of one market. */
interface LogRow extends Timed {
  readonly line: number
  readonly log: FileLog
}

/** A log as a file has it. */
interface FileLog extends SourcedLog, ChainLog {}

const CHAIN = 0

type Fields = Readonly<Record<string, unknown>>

const HEX = /^0x[0-9a-f]*$/i

/** Returns what may be logs in a line: an object, or the members of an answer that holds many. Without any, the line itself, unreadable. */
const entriesOf = (line: string): readonly unknown[] => {
  if (!/^\s*[{[]/.test(line)) return [undefined]
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return [undefined]
  }
  if (Array.isArray(json)) return json
  const { result } = Object(json) as Fields
  return Array.isArray(result) ? result : [json]
}

/** Returns the log in an entry; undefined if it is none. Its time is NaN if it has none. */
const logOf = (entry: unknown): FileLog | undefined => {
  const fields = Object(entry) as Fields
  const field = (...names: string[]): unknown => fields[names.find(name => fields[name] !== undefined) ?? '']
  const { data, address = '', removed } = fields
  const block = integer(field('block_number', 'blockNumber'))
  const index = indexOf(field('log_index', 'logIndex'))
  const topics = topicsOf(fields)
  if (!(block >= 0 && index >= 0) || typeof address !== 'string' || !isHex(data) || topics === undefined) return undefined
  const t = blockTime(field('block_timestamp', 'blockTimestamp', 'timeStamp'))
  const transaction = indexOf(field('transaction_index', 'transactionIndex'))
  const transactionHash = String(field('transaction_hash', 'transactionHash') ?? '')
  return { t, block, index, address, topics, data, transaction, transactionHash, ...(removed === true && { removed }) }
}

/** Returns the topics of a log, which may be followed by places that are empty; undefined if they are none. */
const topicsOf = ({ topics }: Fields): string[] | undefined => {
  if (!Array.isArray(topics)) return undefined
  const filled = topics.slice(0, topics.findLastIndex(topic => topic !== null && topic !== '') + 1)
  return filled.every(isHex) ? filled : undefined
}

const isHex = (value: unknown): value is string => typeof value === 'string' && HEX.test(value)

/** Returns an index; NaN if it is none. Etherscan writes zero as "0x". */
const indexOf = (value: unknown): number => (value === '0x' ? 0 : integer(value))

/** Returns a whole number; NaN if it is none. */
const integer = (value: unknown): number => {
  const n = isHex(value) && value.length > 2 ? Number(value) : decimal(value)
  return Number.isSafeInteger(n) ? n : Number.NaN
}

/** Returns ms, of a stamp in any unit, hexadecimal or not, or of an ISO 8601 time; NaN if it is none. */
const blockTime = (value: unknown): number => timeOf(isHex(value) ? Number(value) : value)
