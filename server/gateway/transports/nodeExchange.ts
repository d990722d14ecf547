import type { ServerResponse } from 'node:http'
import type { HttpExchange, ResponseHead } from './sendResponse.ts'

/** Time in which a client must read something when it has to read before more can be written, ms. */
const STALL_MS = 10_000

/** Answers one request of node:http. */
export class NodeExchange implements HttpExchange {
  readonly signal: AbortSignal
  private readonly res: ServerResponse
  private resume: (() => void) | undefined

  /** `finished` is called once, when the last byte has been given to the system or the client has gone. */
  constructor(res: ServerResponse, finished: () => void) {
    const gone = new AbortController()
    this.signal = gone.signal
    this.res = res
    res.on('drain', () => this.resume?.())
    res.on('close', () => {
      if (!res.writableFinished) gone.abort()
      this.resume?.()
      finished()
    })
  }

  get begun(): boolean {
    return this.res.headersSent
  }

  head({ status, statusText, headers, length, close }: ResponseHead): void {
    if (this.signal.aborted) return
    const fields = headers.flat()
    // A body without a length goes out in chunks.
    if (length !== undefined) fields.push('content-length', String(length))
    if (close) fields.push('connection', 'close')
    this.res.writeHead(status, statusText, fields)
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.signal.aborted || this.res.write(chunk)) return undefined
    this.res.setTimeout(STALL_MS)
    return new Promise(resolve => {
      this.resume = () => {
        this.resume = undefined
        this.res.setTimeout(0)
        resolve()
      }
    })
  }

  end(): void {
    if (this.signal.aborted) return
    if (this.res.writableLength > 0) this.res.setTimeout(STALL_MS)
    this.res.end()
  }

  destroy(): void {
    this.res.destroy()
  }
}
