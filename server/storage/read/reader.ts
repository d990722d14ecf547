import { ProtocolError } from '../../../streams/wire/errors.ts'
import { Semaphore } from '../../lib/semaphore.ts'
import type { Engine } from '../engine/engine.ts'

/** Runs a question about the past. Rejects with a ProtocolError: `not_ready` without an engine, `too_much` if it takes too long. */
export type Reader = <T>(question: (engine: Engine) => Promise<T>) => Promise<T>

/** Questions that are answered at once, and that may wait. */
const AT_ONCE = 2
const MAY_WAIT = 16

/** Returns a reader that answers as soon as there is an engine, two questions at a time. */
export const openReader = (engine: Promise<Engine>): Reader => {
  const turns = new Semaphore(AT_ONCE, MAY_WAIT, () => new ProtocolError('too_much', 'too many questions about the past are waiting'))
  let ready: Engine | undefined
  engine.then(
    opened => {
      ready = opened
    },
    () => {}, // without an engine the process ends, and its opener says why
  )
  return async question => {
    const opened = ready
    if (opened === undefined) throw new ProtocolError('not_ready', 'ClickHouse has not started yet', 1)
    return turns.run(() => question(opened).catch(refuse))
  }
}

/** TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED. */
const TOO_MUCH = new Set(['159', '160', '241'])

/** Throws what the client gets for an error of the engine: `too_much`, `not_ready`, or the error itself. */
const refuse = (error: unknown): never => {
  if (error instanceof ProtocolError) throw error
  const { code } = error as { code?: string }
  if (TOO_MUCH.has(code ?? '')) throw new ProtocolError('too_much', 'the answer takes too long: ask for a shorter time or a greater step')
  // An error of ClickHouse has a number. One without a number comes from a server that is not there.
  if (!/^\d+$/.test(code ?? '')) throw new ProtocolError('not_ready', 'ClickHouse does not answer', 1)
  throw error
}
