import type { Logger } from 'pino'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'
import { Semaphore } from '../../lib/semaphore.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { GUESTS } from '../../storage/engine/guest.ts'
import { runSql, SqlError, type SqlWish } from '../../storage/read/sql.ts'
import { SqlRefusal } from '../../storage/read/sqlGuard.ts'

/** Statements that may wait for a place. */
const MAY_WAIT = 8
/** Characters of a statement that the log has. */
const LOGGED = 200

/** Runs statements of operators, a few at a time. */
export class SqlRuns {
  /** Statements: running and waiting now; answered and refused since the start. */
  readonly figures = { running: 0, waiting: 0, answered: 0, refused: 0 }
  private readonly access: Access
  private readonly log: Logger
  private readonly turns = new Semaphore(GUESTS, MAY_WAIT, () => new ProtocolError('too_much', 'too many statements are waiting', 1))
  private ready: Engine | undefined

  constructor(access: Access, engine: Promise<Engine>, log: Logger) {
    this.access = access
    this.log = log
    engine.then(
      opened => {
        this.ready = opened
      },
      () => {}, // without an engine the process ends, and its opener says why
    )
  }

  /** Returns the answer to a statement as text. Rejects with a ProtocolError: `invalid_params`, `too_much`, `not_ready`. */
  async run(who: Principal, statement: string, wish: SqlWish): Promise<string> {
    authorize(this.access, who, { operate: 'sql' })
    const engine = this.ready
    if (engine === undefined) throw new ProtocolError('not_ready', 'ClickHouse has not started yet', 1)
    const { figures } = this
    figures.waiting += 1
    const leave = once(() => {
      figures.waiting -= 1
    })
    try {
      const answer = await this.turns.run(async () => {
        leave()
        return this.running(engine, statement, wish, who.operator ?? who.user)
      })
      figures.answered += 1
      return answer
    } catch (error) {
      figures.refused += 1
      throw refusal(error)
    } finally {
      leave()
    }
  }

  private async running(engine: Engine, statement: string, wish: SqlWish, operator: string): Promise<string> {
    const { figures, log } = this
    const begun = performance.now()
    figures.running += 1
    try {
      return await runSql(engine, statement, wish)
    } finally {
      figures.running -= 1
      log.info({ operator, ms: Math.round(performance.now() - begun), statement: statement.slice(0, LOGGED) }, 'a statement was run')
    }
  }
}

const once = (act: () => void): (() => void) => {
  let done = false
  return () => {
    if (!done) act()
    done = true
  }
}

const refusal = (error: unknown): unknown => {
  if (error instanceof SqlError && error.tooMuch) return new ProtocolError('too_much', `sql: ${error.message}`)
  if (error instanceof SqlRefusal) return new ProtocolError('invalid_params', `sql: ${error.message}`)
  if (error instanceof ProtocolError) return error
  // An error without a number comes from a server that is not there.
  return /^\d+$/.test((error as { code?: string }).code ?? '') ? error : new ProtocolError('not_ready', 'ClickHouse does not answer', 1)
}
