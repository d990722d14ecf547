import type { TermWriter } from '../../redis/termWriter.ts'
import type { FeedInput } from '../feed.ts'
import { encodeBatch, type Naming } from './batchCodec.ts'

/** So often it says again how each feed is, ms: a core that has just begun to follow must know, and silence means that nobody has the feeds. */
const BEAT_MS = 500

/** Writes what feeds give as batches, one a turn of the event loop. */
export class BatchSender {
  private readonly writer: Pick<TermWriter, 'append'>
  private readonly naming: Naming
  private readonly now: () => number
  /** The newest word on each feed and its symbols. */
  private readonly said = new Map<string, FeedInput>()
  private readonly timer: NodeJS.Timeout
  private inputs: FeedInput[] = []
  private turn: NodeJS.Immediate | undefined

  /** `now`: wall clock, ms. */
  constructor(writer: Pick<TermWriter, 'append'>, naming: Naming, now: () => number) {
    this.writer = writer
    this.naming = naming
    this.now = now
    this.timer = setInterval(() => this.send([...this.said.values()]), BEAT_MS)
  }

  /** Sends an input with the others of this turn. */
  add(input: FeedInput): void {
    if (input.kind === 'feed' || input.kind === 'subscriptions') this.said.set(`${input.kind} ${input.feed}`, input)
    this.inputs.push(input)
    this.turn ??= setImmediate(() => this.flush())
  }

  /** Sends what waits, and nothing more. */
  end(): void {
    clearInterval(this.timer)
    clearImmediate(this.turn)
    this.flush()
  }

  private flush(): void {
    this.turn = undefined
    if (this.inputs.length > 0) this.send(this.inputs.splice(0))
  }

  private send(inputs: readonly FeedInput[]): void {
    this.writer.append(encodeBatch(inputs, this.now(), this.naming))
  }
}
