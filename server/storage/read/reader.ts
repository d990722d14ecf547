import { setTimeout as delay } from 'node:timers/promises'
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
    return turns.run(() => answered(opened, question).catch(refuse))
  }
}

/** ms from one look to the next at a replica that has not yet the newest rows, and looks at most: within a second it has them. */
const LOOK_MS = 50
const LOOKS = 20
/** REPLICA_IS_NOT_IN_QUORUM: it lacks rows that others of its cluster have acknowledged. */
const BEHIND = '289'

/** Asks the replicas if there are any, otherwise the engine itself, and again while a replica that it reaches is behind. */
const answered = async <T>(engine: Engine, question: (engine: Engine) => Promise<T>): Promise<T> => {
  const ask = (): Promise<T> =>
    engine.replicas === undefined ? question(engine) : engine.replicas.ask(engine.client, client => question({ ...engine, client }))
  for (let look = 1; ; look++) {
    try {
      return await ask()
    } catch (error) {
      if ((error as { code?: string }).code !== BEHIND || look === LOOKS) throw error
      await delay(LOOK_MS)
    }
  }
}

/** TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED. */
const TOO_MUCH = new Set(['159', '160', '241'])

/** NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED, REPLICA_IS_NOT_IN_QUORUM, NO_REMOTE_SHARD_AVAILABLE: others of a cluster do not answer. */
const CANNOT_REACH = new Set(['210', '279', BEHIND, '519'])

/** Throws what the client gets for an error of the engine: `too_much`, `not_ready`, or the error itself. */
const refuse = (error: unknown): never => {
  if (error instanceof ProtocolError) throw error
  const { code } = error as { code?: string }
  if (TOO_MUCH.has(code ?? '')) throw new ProtocolError('too_much', 'the answer takes too long: ask for a shorter time or a greater step')
  // An error of ClickHouse has a number. One without a number comes from a server that is not there.
  if (!/^\d+$/.test(code ?? '') || CANNOT_REACH.has(code!)) throw new ProtocolError('not_ready', 'ClickHouse does not answer', 1)
  throw error
}
