import { WINDOW } from './message.ts'

/**
 * The rest of a body whose first part is there: its parts, as a stream that reads no faster than its reader. It asks for more when half of
 * the window has been read.
 */
export class BodyStream {
  readonly readable: ReadableStream<Uint8Array>
  private controller!: ReadableStreamDefaultController<Uint8Array>
  private parts: Uint8Array[] = []
  private wanted: (() => void) | undefined
  private complete = false
  private read = 0

  /** `go` asks for more parts, `stop` says that nobody reads any more. */
  constructor(go: (parts: number) => void, stop: () => void) {
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: controller => {
          this.controller = controller
        },
        pull: async controller => {
          while (this.parts.length === 0 && !this.complete) {
            await new Promise<void>(resolve => {
              this.wanted = resolve
            })
          }
          const part = this.parts.shift()
          if (part === undefined) {
            if (this.complete) this.close()
            return
          }
          controller.enqueue(part)
          if (this.complete && this.parts.length === 0) this.close()
          this.read += 1
          if (this.complete || this.read < WINDOW / 2) return
          go(this.read)
          this.read = 0
        },
        cancel: () => {
          const isGivenUp = !this.complete
          this.parts = []
          this.complete = true
          this.wake()
          if (isGivenUp) stop()
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Adds a part. */
  add(part: Uint8Array, isLast: boolean): void {
    if (this.complete) return
    if (part.length > 0) this.parts.push(part)
    this.complete = isLast
    this.wake()
  }

  /** Ends the stream with an error: the rest does not come. */
  fail(error: Error): void {
    if (this.complete) return
    this.complete = true
    this.parts = []
    this.controller.error(error)
    this.wake()
  }

  private close(): void {
    try {
      this.controller.close()
    } catch {
      // It was cancelled or has failed meanwhile.
    }
  }

  private wake(): void {
    this.wanted?.()
    this.wanted = undefined
  }
}
