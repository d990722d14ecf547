import { type ActiveTrace, activeTrace, type CommandTimes } from '../../lib/activeTrace.ts'
import { newId, readTraceparent, type TraceContext, traceparentOf } from './traceparent.ts'

/** What is known of a span beside its times. */
export type Attributes = Readonly<Record<string, string | number>>

/** A span that is over. Times are ms since 1970, with fractions. */
export interface Span extends Omit<TraceContext, 'sampled'> {
  /** The span around it; '' of the first of a trace. */
  readonly parentId: string
  readonly name: string
  /** `server`: a request from outside; `internal`: a part of one. */
  readonly kind: 'server' | 'internal'
  readonly from: number
  readonly to: number
  readonly attributes: Attributes
  /** Why it failed; undefined if it did not. */
  readonly error: string | undefined
}

/** A request that is traced from its receipt to its reply. */
export interface RequestTrace extends ActiveTrace {
  /** Runs what answers it; all that this waits for belongs to it. */
  during<T>(run: () => T): T
  /** Notes that it was replied to; `error`: the code of its refusal. */
  end(more?: { readonly name?: string; readonly attributes?: Attributes; readonly error?: string | undefined }): void
}

/** Traces requests: `traceparent` is what came with one. Returns undefined for one that is not to be traced. */
export type Tracer = (name: string, traceparent: string | undefined, attributes: Attributes) => RequestTrace | undefined

/** Commands of one request, such as an import, whose steps are shown. */
const COMMANDS_MAX = 32

const now = (): number => performance.timeOrigin + performance.now()

/** The bytes of a trace id by which the part to be traced is chosen, the same in all processes, and how many values they have. */
const CHOOSING = { from: 18, to: 32, values: 16 ** 14 }

/**
 * Returns the tracer that hands over spans as they end. A request that another process traces, or does not, is treated as there; of the others
 * the part `ratio` is traced. A trace has the span of the request, and of a command what it went through: `wait` until the clearing house
 * takes it, `decide`, `commit` until it is durable, and `reply`.
 */
export const openTracer = (ended: (spans: readonly Span[]) => void, ratio: number): Tracer => {
  return (name, traceparent, attributes) => {
    const parent = readTraceparent(traceparent)
    const traceId = parent?.traceId ?? newId(16)
    const chosen = Number.parseInt(traceId.slice(CHOOSING.from, CHOOSING.to), 16) < ratio * CHOOSING.values
    if (!(parent?.sampled ?? chosen)) return undefined
    return new Traced({ name, traceId, parentId: parent?.spanId ?? '', attributes }, ended)
  }
}

type Begun = Pick<Span, 'name' | 'traceId' | 'parentId' | 'attributes'>

class Traced implements RequestTrace {
  private readonly begun: Begun
  private readonly ended: (spans: readonly Span[]) => void
  private readonly spanId = newId(8)
  private readonly from = now()
  private readonly commands: CommandTimes[] = []
  private over = false

  constructor(begun: Begun, ended: (spans: readonly Span[]) => void) {
    this.begun = begun
    this.ended = ended
  }

  get traceparent(): string {
    return traceparentOf({ traceId: this.begun.traceId, spanId: this.spanId, sampled: true })
  }

  during<T>(run: () => T): T {
    return activeTrace.run(this, run)
  }

  command(times: CommandTimes): void {
    if (!this.over && this.commands.length < COMMANDS_MAX) this.commands.push(times)
  }

  end({ name, attributes, error }: Parameters<RequestTrace['end']>[0] = {}): void {
    if (this.over) return
    this.over = true
    const { begun, spanId, from } = this
    const to = now()
    const whole = { ...begun, spanId, kind: 'server', from, to, error } as const
    this.ended([{ ...whole, name: name ?? begun.name, attributes: { ...begun.attributes, ...attributes } }, ...this.parts(to)])
  }

  /** Clocks of threads differ by some microseconds: no span begins before the one before it has ended. */
  private parts(to: number): Span[] {
    const { commands, begun, spanId, from } = this
    const steps = commands.flatMap(({ begun: taken, decided, committed }): [name: string, until: number][] => [
      ['wait', taken],
      ['decide', decided],
      ['commit', committed],
    ])
    if (steps.length > 0) steps.push(['reply', to])
    let at = from
    return steps.map(([name, until]) => {
      const part = { traceId: begun.traceId, spanId: newId(8), parentId: spanId, name, kind: 'internal', from: at } as const
      at = Math.min(Math.max(at, until), to)
      return { ...part, to: at, attributes: {}, error: undefined }
    })
  }
}
