import type { Input } from '../../../streams/input.ts'
import type { Environment } from '../environment.ts'

/**
 * Lets event time run `speed` times as fast as the wall, from the first frame on; `max` does not wait. A frame's events are
 * handed on as they come and show only when the frame is closed, so it is the clock's ticks that wait.
 */
export const paced = (
  inputs: AsyncIterable<Input>,
  speed: number | 'max',
  environment: Environment,
  signal: AbortSignal,
): AsyncIterable<Input> => (speed === 'max' ? inputs : waiting(inputs, speed, environment, signal))

const waiting = async function* (
  inputs: AsyncIterable<Input>,
  speed: number,
  environment: Environment,
  signal: AbortSignal,
): AsyncGenerator<Input> {
  let begin: { environment: number; t: number } | undefined
  for await (const input of inputs) {
    if (input.kind === 'clock') {
      begin ??= { environment: environment.now(), t: input.t }
      const due = begin.environment + (input.t - begin.t) / speed
      await until(due, environment, signal)
      if (signal.aborted) return
    }
    yield input
  }
}

/** Timers hold no more than 2³¹ ms, which a gap of a month passes. */
const LONGEST = 2 ** 31 - 1

/** Comes back at `due`, or as soon as the signal aborts. */
const until = async (due: number, environment: Environment, signal: AbortSignal): Promise<void> => {
  for (let rest = due - environment.now(); rest > 0 && !signal.aborted; rest = due - environment.now()) {
    await new Promise<void>(resolve => {
      const done = () => {
        callOff()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const callOff = environment.after(Math.min(rest, LONGEST), done)
      signal.addEventListener('abort', done)
    })
  }
}
