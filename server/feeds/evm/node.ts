import { BaseError, createPublicClient, custom, http, type PublicClient } from 'viem'
import { timeOf } from '../../../streams/lib/time.ts'
import type { Environment } from '../environment.ts'
import type { ConnectionTimeouts } from '../live/connection.ts'
import { inBlockOrder, type SourcedLog } from '../logOrder.ts'
import { isBloom } from './bloom.ts'
import { RpcRefusal, RpcSocket } from './rpcSocket.ts'

/** A block's place in the chain. */
export interface Header {
  readonly number: number
  readonly hash: string
  readonly parent: string
  /** ms. */
  readonly t: number
  /** The addresses and topics of all its logs, in 2,048 bits (hex); undefined if the node gives none. */
  readonly bloom?: string | undefined
}

/** A log and its block. Its time is NaN if only the block has it. */
export interface FoundLog {
  readonly block: number
  readonly hash: string
  readonly index: number
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
  readonly t: number
}

/** The logs of an answer. */
export interface Found {
  /** In the order of the chain. */
  readonly logs: readonly FoundLog[]
  /** The number of items that are no logs. */
  readonly unreadable: number
}

/** The node's answer is none that a node gives. */
export class NodeError extends Error {}

/** A node's notifications. They say that something happened; the follower asks what it is. */
export interface News {
  /** There may be more than before. */
  readonly onNews: () => void
  /** A block is no more part of the chain. */
  readonly onRemoved: (hash: string) => void
}

const ANSWER_MS = 30_000

/** One Ethereum node, over http or a websocket, until it is lost. Numbers in, numbers out: what is no such thing is a NodeError. */
export class ChainNode {
  readonly client: PublicClient
  /** Answers and notifications so far. */
  messages = 0
  private readonly line: RpcSocket | undefined
  /** Cancels of the open questions. */
  private readonly open = new Set<AbortController>()

  private constructor(client: PublicClient, line: RpcSocket | undefined) {
    this.client = client
    this.line = line
  }

  static async open(url: string, { connectMs }: ConnectionTimeouts, environment: Environment): Promise<ChainNode> {
    // Waiting and trying again are the feed's, as for every other: a second attempt in here would hide that there is trouble.
    if (!url.startsWith('ws'))
      return new ChainNode(createPublicClient({ transport: http(url, { retryCount: 0, timeout: ANSWER_MS }) }), undefined)
    const line = await RpcSocket.open({ url, connectMs, answerMs: ANSWER_MS, environment })
    const request = ({ method, params }: { method: string; params?: unknown }) => line.request(method, params ?? [])
    return new ChainNode(createPublicClient({ transport: custom({ request }, { retryCount: 0 }) }), line)
  }

  /** Subscribes to new blocks and to removed ones. Returns false if the node has no subscriptions. */
  async listen(addresses: readonly string[], { onNews, onRemoved }: News): Promise<boolean> {
    const { line } = this
    if (line === undefined) return false
    line.whenLost(onNews)
    const heard = (tell: (result: unknown) => void) => (result: unknown) => {
      this.messages += 1
      tell(result)
    }
    try {
      await line.subscribe(['newHeads'], heard(onNews))
      const ofLog = (log: unknown): void => {
        const { removed, blockHash } = Object(log) as { removed?: unknown; blockHash?: unknown }
        if (removed === true) onRemoved(String(blockHash))
        onNews()
      }
      await line.subscribe(['logs', { address: addresses }], heard(ofLog))
      return true
    } catch (error) {
      if (isRefusal(error)) return false
      throw error
    }
  }

  /** The reason why it is lost; undefined while it is not, as far as is known. */
  get lostBy(): Error | undefined {
    return this.line?.lostBy
  }

  close(): void {
    for (const asking of this.open) asking.abort()
    this.line?.close()
  }

  async newest(): Promise<Header> {
    const header = headerOf(await this.ask('eth_getBlockByNumber', ['latest', false]))
    if (header === undefined) throw new NodeError('the node has no newest block')
    return header
  }

  /** Returns the block that has this number now; undefined if there is none. */
  async header(number: number): Promise<Header | undefined> {
    return headerOf(await this.ask('eth_getBlockByNumber', [hex(number), false]))
  }

  /** Returns the logs of some contracts in one block, exactly of this one; without `addresses` those of all. */
  async logsIn({ hash }: Header, addresses?: readonly string[]): Promise<Found> {
    return foundIn(await this.ask('eth_getLogs', [{ blockHash: hash, ...(addresses && { address: addresses }) }]))
  }

  /** Returns the logs from block to block, both included. */
  async logsFrom(from: number, to: number, addresses: readonly string[]): Promise<Found> {
    return foundIn(await this.ask('eth_getLogs', [{ fromBlock: hex(from), toBlock: hex(to), address: addresses }]))
  }

  /** Returns the code at an address as of a block; `0x` if there is none. */
  async code(address: string, block: number): Promise<string> {
    return bytesOf(await this.ask('eth_getCode', [address, hex(block)]), 'code')
  }

  /** Returns a word of a contract's storage as of a block, in 64 digits. */
  async storage(address: string, slot: string, block: number): Promise<string> {
    const word = bytesOf(await this.ask('eth_getStorageAt', [address, slot, hex(block)]), 'a word of storage')
    if (word.length > 66) throw new NodeError('the node gave more than a word of storage')
    return `0x${word.slice(2).padStart(64, '0')}`
  }

  /** Returns what a contract answers as of a block; undefined if it reverts. */
  async call(to: string, data: string, block: number): Promise<string | undefined> {
    try {
      return bytesOf(await this.ask('eth_call', [{ to, data }, hex(block)]), 'an answer of a contract')
    } catch (error) {
      if (hasReverted(error)) return undefined
      throw error
    }
  }

  private async ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const asking = new AbortController()
    this.open.add(asking)
    try {
      const answer = await this.client.request({ method, params } as never, { signal: asking.signal })
      this.messages += 1
      return answer
    } finally {
      this.open.delete(asking)
    }
  }
}

/** Returns whether the node answered and refused: the question was too large, or of a kind that it does not know. */
export const isRefusal = (error: unknown): boolean =>
  causes(error).some(
    cause =>
      cause instanceof RpcRefusal ||
      cause.name === 'RpcRequestError' ||
      cause.name === 'TimeoutError' ||
      (cause.name === 'HttpRequestError' && [400, 413, 500, 504].includes((cause as { status?: number }).status ?? 0)),
  )

/** Nodes say in many ways that not they refused, but the contract. 3 is the code of a revert (ethereum.org, "JSON-RPC API"). */
const hasReverted = (error: unknown): boolean =>
  causes(error).some(
    cause =>
      (cause as { code?: unknown }).code === 3 ||
      (isRefusal(cause) && /revert|invalid opcode|out of gas|stack (under|over)flow|bad jump|invalid jump/i.test(cause.message)),
  )

/** Returns an error in one line and without the address, which holds keys of access. */
export const told = (error: unknown, url: string): string => {
  const known = causes(error).find(cause => cause instanceof BaseError) as BaseError | undefined
  const { message } = error as Error
  const text = known === undefined ? message : [known.shortMessage, known.details].filter(Boolean).join(' ')
  return text.replaceAll(url, 'the node').replace(/\s+/g, ' ').slice(0, 300)
}

const causes = (error: unknown): Error[] => {
  const all: Error[] = []
  for (let e = error; e instanceof Error && all.length < 10; e = e.cause) all.push(e)
  return all
}

const hex = (n: number): string => `0x${n.toString(16)}`

const HEX = /^0x[0-9a-f]*$/i
const HASH = /^0x[0-9a-f]{64}$/i

const isHex = (value: unknown): value is string => typeof value === 'string' && HEX.test(value)
const isHash = (value: unknown): value is string => typeof value === 'string' && HASH.test(value)

const bytesOf = (value: unknown, what: string): string => {
  if (!isHex(value)) throw new NodeError(`the node gave no hexadecimal digits for ${what}`)
  return value.toLowerCase()
}

/** Returns a hexadecimal number; NaN if it is none, or too large to be exact. */
const whole = (value: unknown): number => {
  const n = isHex(value) && value.length > 2 ? Number(value) : Number.NaN
  return Number.isSafeInteger(n) ? n : Number.NaN
}

/** Returns ms. Blocks have seconds, but for some chains. */
const stamp = (value: unknown): number => {
  const n = whole(value)
  return n < SECONDS_MAX ? n * 1000 : timeOf(n)
}

/** A larger number (the year 5138) is of no seconds. */
const SECONDS_MAX = 1e11

const headerOf = (block: unknown): Header | undefined => {
  if (block === null || block === undefined) return undefined
  const { number, hash, parentHash, timestamp, logsBloom } = Object(block) as Record<string, unknown>
  const bloom = isBloom(logsBloom) ? logsBloom : undefined
  const header = { number: whole(number), hash, parent: parentHash, t: stamp(timestamp), bloom }
  if (!(header.number >= 0 && header.t >= 0) || !isHash(hash) || !isHash(parentHash))
    throw new NodeError('the node gave a block without number, hashes or time')
  return header as Header
}

const foundIn = (answer: unknown): Found => {
  if (!Array.isArray(answer)) throw new NodeError('the node gave no list of logs')
  const blocks = new Map<number, (FoundLog & SourcedLog)[]>()
  let readable = 0
  for (const log of answer.flatMap(log => logOf(log) ?? [])) {
    const block = blocks.get(log.block) ?? []
    block.push(log)
    blocks.set(log.block, block)
    readable += 1
  }
  const inOrder = [...blocks].sort(([a], [b]) => a - b).flatMap(([, logs]) => inBlockOrder(logs))
  const logs = inOrder.map(({ transaction: _, transactionHash: _hash, ...log }) => log)
  return { logs, unreadable: answer.length - readable }
}

const logOf = (log: unknown): (FoundLog & SourcedLog) | undefined => {
  const fields = Object(log) as Record<string, unknown>
  const { blockNumber, blockHash, blockTimestamp, logIndex, address, topics, data } = fields
  const block = whole(blockNumber)
  const index = whole(logIndex)
  if (!(block >= 0 && index >= 0) || !isHash(blockHash) || !isHex(address) || !isHex(data)) return undefined
  if (!Array.isArray(topics) || !topics.every(isHex)) return undefined
  const transaction = whole(fields.transactionIndex)
  const transactionHash = String(fields.transactionHash ?? '')
  return { block, index, hash: blockHash, address, topics, data, t: stamp(blockTimestamp), transaction, transactionHash }
}
