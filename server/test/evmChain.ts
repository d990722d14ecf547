import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ChainLog } from '../../streams/pools/chainLog.ts'
import { bloomOf } from '../feeds/evm/bloom.ts'

/** A log by where it stands in its block. */
export type Said = Pick<ChainLog, 'index' | 'address' | 'topics' | 'data'>

export interface ChainBlock {
  readonly number: number
  readonly hash: string
  readonly parent: string
  /** s. */
  readonly t: number
  readonly logs: readonly Said[]
}

const hashOf = (text: string): string => `0x${createHash('sha256').update(text).digest('hex')}`

/** The one chain that all nodes agree on at the moment, from a first block on. */
export class Chain {
  readonly blocks: ChainBlock[] = []
  private readonly first: number
  private forks = 0

  constructor(first: number) {
    this.first = first
  }

  get head(): ChainBlock {
    return this.blocks.at(-1)!
  }

  at(number: number): ChainBlock | undefined {
    return this.blocks[number - this.first]
  }

  add(t: number, logs: readonly Said[] = []): ChainBlock {
    const number = this.first + this.blocks.length
    const parent = this.blocks.at(-1)?.hash ?? hashOf('before')
    const block = { number, hash: hashOf(`${parent} ${number} ${this.forks}`), parent, t, logs }
    this.blocks.push(block)
    return block
  }

  /** Takes the newest blocks away; what is added from now on is another fork. */
  cut(depth: number): ChainBlock[] {
    this.forks += 1
    return this.blocks.splice(Math.max(0, this.blocks.length - depth))
  }

  /** All logs that stand, in order. */
  get logs(): ChainLog[] {
    return this.blocks.flatMap(({ number, t, logs }) => logs.map(log => ({ ...log, block: number, t: t * 1000 })))
  }
}

const hex = (n: number | bigint): string => `0x${n.toString(16)}`
const word = (n: number | bigint): string => BigInt.asUintN(256, BigInt(n)).toString(16).padStart(64, '0')
const textWords = (text: string): string => `0x${word(32)}${word(text.length)}${Buffer.from(text).toString('hex').padEnd(64, '0')}`

/** What the calls of a contract give, by their selectors. */
export type Contract = Readonly<Record<string, string>>

const SELECTORS = {
  token0: '0x0dfe1681',
  token1: '0xd21220a7',
  fee: '0xddca3f43',
  tickSpacing: '0xd0c93a7c',
  decimals: '0x313ce567',
  symbol: '0x95d89b41',
}

export const tokenContract = (symbol: string, decimals: number): Contract => ({
  [SELECTORS.symbol]: textWords(symbol),
  [SELECTORS.decimals]: `0x${word(decimals)}`,
})
/** A token whose symbol is 32 bytes and no text. */
export const oldTokenContract = (symbol: string, decimals: number): Contract => ({
  ...tokenContract(symbol, decimals),
  [SELECTORS.symbol]: `0x${Buffer.from(symbol).toString('hex').padEnd(64, '0')}`,
})
export const poolContract = (token0: string, token1: string, v3?: { fee: number; tickSpacing: number }): Contract => ({
  [SELECTORS.token0]: `0x${word(BigInt(token0))}`,
  [SELECTORS.token1]: `0x${word(BigInt(token1))}`,
  ...(v3 && { [SELECTORS.fee]: `0x${word(v3.fee)}`, [SELECTORS.tickSpacing]: `0x${word(v3.tickSpacing)}` }),
})

interface Question {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
}

/** A node over http and websocket on one port, that can be told to misbehave. */
export class TestNode {
  readonly chain: Chain
  readonly contracts: Record<string, Contract>
  /** Blocks of one question at most. */
  mostBlocks = Number.POSITIVE_INFINITY
  /** Logs of one answer at most. */
  mostLogs = Number.POSITIVE_INFINITY
  /** Logs bear the time of their block. */
  tellsTimes = false
  /** Websockets may subscribe. */
  subscribes = true
  /** Says of a reorganisation by logs that are removed. */
  tellsRemoved = true
  /** Answers nothing any more. */
  mute = false
  /** Returns whether it has the logs of a block; of another it answers as if there were none. Asked once a question and block. */
  hasLogsOf: (block: ChainBlock, question: 'hash' | 'range' | 'whole') => boolean = () => true
  /** Refuses to give the logs of all contracts. */
  wantsAddresses = false
  /** After this many more answers every connection is cut. */
  cutAfter = Number.POSITIVE_INFINITY
  /** Connections that were cut. */
  cuts = 0
  readonly asked: Record<string, number> = {}
  private down = false
  private answered = 0
  private readonly http = createServer((request, response) => void this.overHttp(request, response))
  private readonly ws = new WebSocketServer({ server: this.http })
  private readonly sockets = new Set<Socket>()
  private readonly subscribers = new Map<WebSocket, Map<string, unknown>>()

  constructor(chain: Chain, contracts: Record<string, Contract> = {}) {
    this.chain = chain
    this.contracts = contracts
    this.http.on('connection', socket => {
      if (this.down) socket.destroy()
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
    })
    this.ws.on('connection', socket => {
      socket.on('message', data => void this.overSocket(socket, JSON.parse(String(data))))
      socket.on('close', () => this.subscribers.delete(socket))
    })
  }

  async start(kind: 'http' | 'ws'): Promise<string> {
    this.http.listen(0, '127.0.0.1')
    await once(this.http, 'listening')
    return `${kind}://127.0.0.1:${(this.http.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.cut()
    this.ws.close()
    await new Promise(resolve => this.http.close(resolve))
  }

  /** Breaks every connection. */
  cut(): void {
    this.cuts += 1
    this.cutAfter = Number.POSITIVE_INFINITY
    for (const socket of this.sockets) socket.destroy()
  }

  /** Takes no connection until `up`. */
  goDown(): void {
    this.down = true
    this.cut()
  }

  up(): void {
    this.down = false
  }

  /** Tells those who subscribed of the newest block, and first of those that are gone. */
  tell(gone: readonly ChainBlock[] = []): void {
    for (const [socket, topics] of this.subscribers)
      for (const [id, topic] of topics) {
        const notify = (result: unknown): void =>
          socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription: id, result } }))
        if (topic === 'newHeads') notify(headerJson(this.chain.head))
        else {
          if (this.tellsRemoved)
            for (const block of gone) for (const log of block.logs) notify({ ...this.logJson(block, log), removed: true })
          for (const log of this.chain.head.logs) notify(this.logJson(this.chain.head, log))
        }
      }
  }

  private async overHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += chunk
    const answer = await this.answer(JSON.parse(text))
    if (this.isCut()) return
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer))
  }

  private async overSocket(socket: WebSocket, question: Question): Promise<void> {
    let answer = await this.answer(question)
    if (question.method === 'eth_subscribe' && this.subscribes) {
      const topics = this.subscribers.get(socket) ?? new Map()
      this.subscribers.set(socket, topics)
      const id = hex(topics.size + 1)
      topics.set(id, question.params[0])
      answer = { jsonrpc: '2.0', id: question.id, result: id }
    }
    if (!this.isCut()) socket.send(JSON.stringify(answer))
  }

  private isCut(): boolean {
    this.cutAfter -= 1
    if (this.cutAfter > 0) return false
    this.cut()
    return true
  }

  /** Answers come in no order: every third waits for others to overtake it. */
  private async answer(question: Question): Promise<object> {
    this.asked[question.method] = (this.asked[question.method] ?? 0) + 1
    const turns = this.answered++ % 3
    for (let i = 0; i < turns; i++) await new Promise(resolve => setImmediate(resolve))
    const { id } = question
    if (this.mute) return new Promise(() => {})
    try {
      return { jsonrpc: '2.0', id, result: this.result(question) }
    } catch (error) {
      const { code = -32000, message } = error as { code?: number; message: string }
      return { jsonrpc: '2.0', id, error: { code, message } }
    }
  }

  private result({ method, params }: Question): unknown {
    switch (method) {
      case 'eth_getBlockByNumber': {
        const block = params[0] === 'latest' ? this.chain.head : this.chain.at(Number(params[0]))
        return block === undefined ? null : headerJson(block)
      }
      case 'eth_getLogs':
        return this.logs(params[0] as Record<string, string | string[]>)
      case 'eth_getCode':
        return this.contracts[String(params[0]).toLowerCase()] ? '0x6001' : '0x'
      case 'eth_call': {
        const { to, data } = params[0] as { to: string; data: string }
        return this.contracts[to.toLowerCase()]?.[data.slice(0, 10)] ?? '0x'
      }
      default:
        throw Object.assign(new Error(`the method ${method} does not exist`), { code: -32601 })
    }
  }

  private logs({ fromBlock, toBlock, blockHash, address }: Record<string, string | string[]>): unknown[] {
    const blocks =
      blockHash === undefined
        ? this.chain.blocks.filter(({ number }) => number >= Number(fromBlock) && number <= Number(toBlock))
        : this.chain.blocks.filter(({ hash }) => hash === blockHash)
    if (blockHash !== undefined && blocks.length === 0) throw new Error('unknown block')
    if (blocks.length > this.mostBlocks) throw Object.assign(new Error('block range is too wide'), { code: -32005 })
    if (address === undefined && this.wantsAddresses) throw Object.assign(new Error('please specify an address'), { code: -32602 })
    const wanted = (address as string[] | undefined)?.map(a => a.toLowerCase())
    const question = address === undefined ? 'whole' : blockHash === undefined ? 'range' : 'hash'
    const logs = blocks.flatMap(block =>
      this.hasLogsOf(block, question)
        ? block.logs.filter(log => wanted?.includes(log.address.toLowerCase()) ?? true).map(log => this.logJson(block, log))
        : [],
    )
    if (logs.length > this.mostLogs) throw Object.assign(new Error(`query returned more than ${this.mostLogs} results`), { code: -32005 })
    return logs
  }

  private logJson(block: ChainBlock, { index, address, topics, data }: Said): object {
    return {
      address,
      topics,
      data,
      blockNumber: hex(block.number),
      blockHash: block.hash,
      logIndex: hex(index),
      removed: false,
      ...(this.tellsTimes && { blockTimestamp: hex(block.t) }),
    }
  }
}

const headerJson = ({ number, hash, parent, t, logs }: ChainBlock): object => ({
  number: hex(number),
  logsBloom: bloomOf(logs),
  hash,
  parentHash: parent,
  timestamp: hex(t),
})
