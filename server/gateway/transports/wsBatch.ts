/**
 * The frames that a socket has been given since its last write. Batches form a tree: sockets that were given the same frames in
 * the same order stand on the same batch, whose bytes are put together once for all of them.
 */
export class Batch {
  readonly bytes: number
  private readonly before: Batch | undefined
  private readonly frame: Buffer | undefined
  private next: Batch | undefined
  private whole: Buffer | undefined

  /** Without arguments: the root, with no frame yet. */
  constructor(before?: Batch, frame?: Buffer) {
    this.before = before
    this.frame = frame
    this.bytes = before && frame ? before.bytes + frame.length : 0
  }

  /** Returns this batch with one frame more. Only the last successor is remembered: frames are handed out one after the other. */
  with(frame: Buffer): Batch {
    if (this.next?.frame !== frame) this.next = new Batch(this, frame)
    return this.next
  }

  /** Returns all frames in one piece. */
  joined(): Buffer {
    this.whole ??= this.before?.frame ? Buffer.concat(this.frames(), this.bytes) : (this.frame ?? Buffer.alloc(0))
    return this.whole
  }

  private frames(): Buffer[] {
    const frames: Buffer[] = []
    for (let batch: Batch | undefined = this; batch?.frame; batch = batch.before) frames.push(batch.frame)
    return frames.reverse()
  }
}
