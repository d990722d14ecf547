import { z } from 'zod'
import type { Environment } from '../../feeds/environment.ts'
import type { Rate } from './budget.ts'
import { type Refusal, type RequestFigures, SourceClient } from './sourceClient.ts'

/** A node and how often it may be asked. */
export interface NodeOptions {
  /** As errors name it. */
  readonly source: string
  /** http or https; its path may be a key. */
  readonly url: string
  readonly rate: Rate
  readonly environment: Environment
  readonly answerMs?: number
}

/** A number in hexadecimal digits. */
export const quantity = z
  .string()
  .regex(/^0x[0-9a-f]+$/i)
  .transform(BigInt)

/** One that is exact as a number. */
export const whole = quantity.transform(Number).refine(Number.isSafeInteger)

/** Bytes in hexadecimal digits. */
export const bytes = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]*$/i)])

/** Blocks back from the newest, at first. */
const FIRST_BACK = 1_024

const BLOCK = z.object({ number: whole, timestamp: whole })

/** A block's place in the chain and in time. */
export interface BlockTime {
  readonly number: number
  /** ms. */
  readonly t: number
}

/** JSON-RPC over http with a budget, retries and errors without keys. */
export class JsonRpc {
  private readonly client: SourceClient

  constructor(options: NodeOptions) {
    this.client = new SourceClient({ ...options, secrets: [], refusal })
  }

  get figures(): RequestFigures {
    return this.client.figures
  }

  /** Resolves with the result. Rejects with a SourceError. */
  async call<T>(method: string, params: readonly unknown[], form: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const body = { jsonrpc: '2.0', id: 1, method, params }
    const { value } = await this.client.ask({ body, form: z.object({ result: form }), signal })
    return value.result as T
  }

  /** Returns a block; undefined if there is none of this number yet. */
  async block(number: number | 'latest', signal: AbortSignal): Promise<BlockTime | undefined> {
    const tag = number === 'latest' ? number : hex(number)
    const found = await this.call('eth_getBlockByNumber', [tag, false], BLOCK.nullable(), signal)
    return found === null ? undefined : { number: found.number, t: found.timestamp * 1000 }
  }

  /** Returns the newest block. Rejects if the node has none. */
  async newest(signal: AbortSignal): Promise<BlockTime> {
    return this.call('eth_getBlockByNumber', ['latest', false], BLOCK, signal).then(({ number, timestamp }) => ({
      number,
      t: timestamp * 1000,
    }))
  }

  /** Returns what a contract answers as of a block. */
  async read(to: string, data: string, block: number, signal: AbortSignal): Promise<`0x${string}`> {
    return this.call('eth_call', [{ to, data }, hex(block)], bytes, signal)
  }

  /** Returns the first block at or after `t` (ms), up to `newest`; undefined if there is none. */
  async firstAt(t: number, newest: BlockTime, signal: AbortSignal): Promise<BlockTime | undefined> {
    if (newest.t < t) return undefined
    let high = newest
    let low = 0
    // Nodes may not have the oldest blocks any more: it is looked for from the newest on.
    for (let back = FIRST_BACK; high.number - back > 0; back *= 2) {
      const block = await this.block(high.number - back, signal)
      if (block === undefined || block.t < t) {
        low = high.number - back + 1
        break
      }
      high = block
    }
    while (low < high.number) {
      const middle = Math.floor((low + high.number) / 2)
      const block = await this.block(middle, signal)
      if (block !== undefined && block.t >= t) high = block
      else low = middle + 1
    }
    return high
  }
}

/** Returns a number as nodes want it. */
export const hex = (n: number): string => `0x${n.toString(16)}`

/** An error comes with status 200. Nodes have no common codes: of -32000 to -32099 some are limits of rate, others of size. */
const refusal = (body: unknown): Refusal | undefined => {
  const { error } = Object(body) as { error?: unknown }
  if (error === undefined || error === null) return undefined
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  const why = `${String(code)} ${String(message)}`
  const again = /rate|too many requests|throttl|capacity|busy|try again/i.test(why)
  return { why, again, tooMuch: !again && /range|too (large|many|wide|big)|more than|limit|exceed|timeout|response size/i.test(why) }
}
