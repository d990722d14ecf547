import type { Input } from '../../../streams/input.ts'
import type { Wall } from '../environment.ts'

/**
 * Lets event time run `speed` times as fast as the wall, from the first frame on; `max` does not wait. A frame's events are
 * handed on as they come and show only when the frame is closed, so it is the clock's ticks that wait.
 */
export const paced = (inputs: AsyncIterable<Input>, speed: number | 'max', wall: Wall, signal: AbortSignal): AsyncIterable<Input> =>
  speed === 'max' ? inputs : waiting(inputs, speed, wall, signal)

const waiting = async function* (inputs: AsyncIterable<Input>, speed: number, wall: Wall, signal: AbortSignal): AsyncGenerator<Input> {
  let begin: { wall: number; t: number } | undefined
  for await (const input of inputs) {
    if (input.kind === 'clock') {
      begin ??= { wall: wall.now(), t: input.t }
      const due = begin.wall + (input.t - begin.t) / speed
      await until(due, wall, signal)
      if (signal.aborted) return
    }
    yield input
  }
}

/** Timers hold no more than 2³¹ ms, which a gap of a month passes. */
const LONGEST = 2 ** 31 - 1

/** Comes back at `due`, or as soon as the signal aborts. */
const until = async (due: number, wall: Wall, signal: AbortSignal): Promise<void> => {
  for (let rest = due - wall.now(); rest > 0 && !signal.aborted; rest = due - wall.now()) {
    await new Promise<void>(resolve => {
      const done = () => {
        callOff()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const callOff = wall.after(Math.min(rest, LONGEST), done)
      signal.addEventListener('abort', done)
    })
  }
}
