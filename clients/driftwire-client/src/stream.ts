import { Observable, type Observer, Subscriber, type Subscription } from 'rxjs'

/** An observer as a stream feeds it. */
export interface Sink<T> {
  next(value: T): void
  error(error: unknown): void
  complete(): void
}

/** How a stream is fed. */
export interface StreamSource<T> {
  /** Begins to feed an observer, and returns what ends that. */
  readonly join: (sink: Sink<T>) => () => void
  /** Is called with what an observer threw, and with an error for which an observer has no callback. Neither ends anything. */
  readonly report: (error: unknown) => void
  /** Values that wait for a `for await` that is behind; 1 if left out. */
  readonly keep?: number
  /** Whether one waiting value and a newer one are to be merged, in place of `keep`. */
  readonly same?: (waiting: T, newer: T) => boolean
  /** Makes one value of two when no more may wait: the newer one if left out. */
  readonly merge?: (older: T, newer: T) => T
}

/**
 * An RxJS Observable that can be read by `for await`, too. An observer that throws, or has no callback for an error, ends neither the
 * process nor another observer. A loop that is behind gets the newest value: nothing piles up.
 */
export class Stream<T> extends Observable<T> implements AsyncIterable<T> {
  private readonly feed: StreamSource<T>

  constructor(feed: StreamSource<T>) {
    super(subscriber => feed.join(subscriber))
    this.feed = feed
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // An operator hands errors on to the observer at the end of its pipe.
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext)
    const observer =
      typeof observerOrNext === 'object' && observerOrNext !== null
        ? observerOrNext
        : { ...(observerOrNext && { next: observerOrNext }), ...(error && { error }), ...(complete && { complete }) }
    const guarded = (call: () => void): void => {
      try {
        call()
      } catch (thrown) {
        this.feed.report(thrown)
      }
    }
    return super.subscribe({
      next: value => guarded(() => observer.next?.(value)),
      error: failure => (observer.error ? guarded(() => observer.error?.(failure)) : this.feed.report(failure)),
      complete: () => guarded(() => observer.complete?.()),
    })
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    const waiting: T[] = []
    const { keep = 1, same = () => waiting.length >= keep, merge = (_: T, newer: T) => newer } = this.feed
    let over: { readonly error?: unknown } | undefined
    let wanted: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void } | undefined
    const end = (how: { readonly error?: unknown }): void => {
      over ??= how
      if ('error' in how) wanted?.reject(how.error)
      else wanted?.resolve({ done: true, value: undefined })
      if (wanted) over = {}
      wanted = undefined
    }
    const subscription = super.subscribe({
      next: value => {
        if (wanted) {
          wanted.resolve({ done: false, value })
          wanted = undefined
        } else {
          const at = waiting.findLastIndex(older => same(older, value))
          if (at < 0) waiting.push(value)
          else waiting[at] = merge(waiting[at]!, value)
        }
      },
      error: error => end({ error }),
      complete: () => end({}),
    })
    return {
      next: () => {
        if (waiting.length > 0) return Promise.resolve({ done: false, value: waiting.shift()! })
        if (over === undefined) return new Promise((resolve, reject) => (wanted = { resolve, reject }))
        const { error } = over
        const failed = 'error' in over
        over = {}
        return failed ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined })
      },
      return: () => {
        subscription.unsubscribe()
        waiting.length = 0
        end({})
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }
}

/** A stream of what happens to those who listen at that time. */
export class Emitter<T> {
  readonly stream: Stream<T>
  private readonly sinks = new Set<Sink<T>>()
  private ended = false

  constructor(report: (error: unknown) => void, first?: () => T, keep = 1) {
    this.stream = new Stream({
      join: sink => {
        if (first) sink.next(first())
        if (this.ended) sink.complete()
        else this.sinks.add(sink)
        return () => this.sinks.delete(sink)
      },
      report,
      keep,
    })
  }

  /** Whether anybody listens. */
  get heard(): boolean {
    return this.sinks.size > 0
  }

  /** Says it to all who listen. */
  emit(value: T): void {
    for (const sink of [...this.sinks]) sink.next(value)
  }

  /** Ends the stream. */
  complete(): void {
    this.ended = true
    for (const sink of [...this.sinks]) sink.complete()
    this.sinks.clear()
  }
}
