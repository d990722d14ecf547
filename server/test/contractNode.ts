import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a contract of the chain is. */
export interface ChainContract {
  code: string
  /** Words by their slot. */
  storage?: Record<string, string>
  /** What calls give, by their data; of others it reverts. */
  answers?: Record<string, string>
}

/** How a node misbehaves: an error of JSON-RPC, an answer of its own, or none. */
export type Fault =
  | 'none'
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly status: number; readonly text: string }

interface Question {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
}

const hex = (n: number): string => `0x${n.toString(16)}`
const hashOf = (n: number): string => `0x${n.toString(16).padStart(64, '0')}`

/** A node of a chain with a few contracts, over http. It can be told to misbehave. */
export class ContractNode {
  readonly contracts: Record<string, ChainContract> = {}
  block = 20_000_000
  /** Faults by method; `all` for every one. */
  faults: Record<string, Fault> = {}
  /** What was asked, in order: the method, and the block of which. */
  readonly asked: { readonly method: string; readonly block: unknown }[] = []
  private http = createServer()

  /** Returns the address, with a key in it. */
  async start(): Promise<string> {
    this.http = createServer((request, response) => void this.over(request, response))
    this.http.listen(0, '127.0.0.1')
    await once(this.http, 'listening')
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}/v2/a-secret-key`
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections()
    await new Promise(resolve => this.http.close(resolve))
  }

  private async over(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += chunk
    const question = JSON.parse(text) as Question
    this.asked.push({ method: question.method, block: question.params.at(-1) })
    const fault = this.faults[question.method] ?? this.faults.all
    if (fault === 'none') return
    response.setHeader('content-type', 'application/json')
    if (fault && 'status' in fault) {
      response.statusCode = fault.status
      response.end(fault.text)
      return
    }
    const { id } = question
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(fault ?? this.answer(question)) }))
  }

  private answer({ method, params }: Question): object {
    const [first] = params as [Record<string, string> | string]
    const of = (address: string): ChainContract | undefined => this.contracts[address.toLowerCase()]
    switch (method) {
      case 'eth_getBlockByNumber':
        return {
          result: {
            number: hex(this.block),
            hash: hashOf(this.block),
            parentHash: hashOf(this.block - 1),
            timestamp: hex(1_700_000_000 + 12 * (this.block - 20_000_000)),
          },
        }
      case 'eth_getCode':
        return { result: of(first as string)?.code ?? '0x' }
      case 'eth_getStorageAt':
        return { result: of(first as string)?.storage?.[params[1] as string] ?? `0x${'0'.repeat(64)}` }
      case 'eth_call': {
        const { to, data } = first as Record<string, string>
        const result = of(to!)?.answers?.[data!]
        return result === undefined ? { error: { code: 3, message: 'execution reverted', data: '0x' } } : { result }
      }
      default:
        return { error: { code: -32601, message: `the method ${method} does not exist/is not available` } }
    }
  }
}
