import type { HttpExchange, ResponseHead } from './sendResponse.ts'
import type { HttpResponse } from './uwsLibrary.ts'

/** Bytes written at a time if the library does not say how many of them it had to buffer: it buffers at most these. */
const PIECE_BYTES = 16 * 1024

/** Answers one request of uWebSockets.js. Its response object may be touched only while `live`. */
export class UwsExchange implements HttpExchange {
  readonly signal: AbortSignal
  private readonly res: HttpResponse
  private readonly finished: () => void
  private answerHead: ResponseHead | undefined
  private headWritten = false
  private live = true
  private written = 0
  /** The part of a counted body that has not gone out yet, and its place in the body. */
  private rest: { chunk: Uint8Array; at: number } | undefined
  private resume: (() => void) | undefined

  /** `finished` is called once, when the last byte has been given to the library or the client has gone. */
  constructor(res: HttpResponse, finished: () => void) {
    const gone = new AbortController()
    this.signal = gone.signal
    this.res = res
    this.finished = finished
    res.onAborted(() => {
      const wasLive = this.live
      this.finish()
      if (wasLive) gone.abort()
      this.resume?.()
    })
  }

  get begun(): boolean {
    return this.answerHead !== undefined
  }

  head(head: ResponseHead): void {
    this.answerHead = head
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (!this.live) return undefined
    return this.answerHead!.length === undefined ? this.writePieces(chunk) : this.writeCounted(chunk)
  }

  end(): void {
    if (!this.live) return
    const { bodiless, length, close } = this.answerHead!
    this.res.cork(() => {
      this.writeHead()
      if (!bodiless) this.res.end('', close)
      else {
        // The library has a parameter for this length, but with it does not regard the answer as complete.
        if (length !== undefined) this.res.writeHeader('Content-Length', String(length))
        this.res.endWithoutBody()
      }
    })
    this.finish()
  }

  destroy(): void {
    if (!this.live) return
    this.finish()
    this.res.close()
  }

  private writeHead(): void {
    if (this.headWritten) return
    this.headWritten = true
    const { status, statusText, headers } = this.answerHead!
    this.res.writeStatus(latin1(`${status} ${statusText}`))
    for (const [name, value] of headers) this.res.writeHeader(name, latin1(value))
    this.res.onWritable(offset => this.writable(offset))
  }

  /** With a length: the library takes what the kernel takes, and says how much. */
  private writeCounted(chunk: Uint8Array): Promise<void> | undefined {
    const { length, close } = this.answerHead!
    const at = this.written
    this.written += chunk.length
    let taken = true
    let done = false
    this.res.cork(() => {
      this.writeHead()
      if (close && chunk.length === length) {
        this.res.end(chunk, true)
        done = true
      } else {
        ;[taken, done] = this.res.tryEnd(chunk, length!)
      }
    })
    if (done) this.finish()
    if (taken) return undefined
    this.rest = { chunk, at }
    return this.room()
  }

  /** Without a length, in HTTP's own chunks: the library takes everything, and says only that it had to buffer some of it. */
  private async writePieces(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length && this.live; at += PIECE_BYTES) {
      let taken = true
      this.res.cork(() => {
        this.writeHead()
        taken = this.res.write(chunk.subarray(at, at + PIECE_BYTES))
      })
      if (!taken) await this.room()
    }
  }

  private room(): Promise<void> {
    return new Promise(resolve => {
      this.resume = resolve
    })
  }

  /** The kernel takes more. `offset`: how much of a counted body it has. Returns false if it did not take all that was left. */
  private writable(offset: number): boolean {
    if (this.rest) {
      const { chunk, at } = this.rest
      const [taken, done] = this.res.tryEnd(chunk.subarray(offset - at), this.answerHead!.length!)
      if (done) this.finish()
      if (!taken && !done) return false
      this.rest = undefined
    } else {
      // An empty cork writes what is buffered, which with this handler set the library would keep until the next write.
      this.res.cork(() => {})
    }
    this.resume?.()
    return true
  }

  private finish(): void {
    if (!this.live) return
    this.live = false
    this.finished()
  }
}

/** Returns a header with one byte a character. The library would write a string as UTF-8. */
const latin1 = (text: string): string | Buffer => (/[\u0080-\u00ff]/.test(text) ? Buffer.from(text, 'latin1') : text)
