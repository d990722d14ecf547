import type { Session } from 'chdb'
import { type Deferred, deferred } from '../../lib/deferred.ts'

/**
 * A few sessions of the embedded engine, each lent to one statement at a time: settings and parameters belong to a session, and a
 * second statement would end the stream of the first.
 */
export class SessionPool {
  private readonly free: Session[]
  private readonly waiting: Deferred<Session>[] = []
  private lent = 0
  private closed: Deferred<void> | undefined

  constructor(open: () => Session, size: number) {
    this.free = Array.from({ length: size }, open)
  }

  /** Whether a session is lent. */
  get busy(): boolean {
    return this.lent > 0
  }

  /** Resolves with a free session, which `give` takes back. Rejects if the pool is closed. */
  async acquire(): Promise<Session> {
    if (this.closed) throw new Error('the engine is closed')
    const session = this.free.pop()
    if (session) {
      this.lent += 1
      return session
    }
    const next = deferred<Session>()
    this.waiting.push(next)
    return next.promise
  }

  /** Takes a session back. */
  give(session: Session): void {
    const next = this.waiting.shift()
    if (next) {
      next.resolve(session)
      return
    }
    this.lent -= 1
    if (this.closed === undefined) this.free.push(session)
    else {
      session.close()
      if (this.lent === 0) this.closed.resolve()
    }
  }

  /** Resolves when the running statements have ended. No other begins. */
  close(): Promise<void> {
    if (this.closed === undefined) {
      this.closed = deferred()
      for (const next of this.waiting.splice(0)) next.reject(new Error('the engine is closed'))
      for (const session of this.free.splice(0)) session.close()
      if (this.lent === 0) this.closed.resolve()
    }
    return this.closed.promise
  }
}
