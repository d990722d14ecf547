import type { Observable } from 'rxjs'
import { shownName } from '../../identity/access.ts'
import type { Session } from './session.ts'

/** Says to those who follow something when nothing has been heard of the core for too long, and when that is over. */
export class Silence {
  /** Event time of the newest flush, ms; undefined while all is well. */
  private since: number | undefined

  constructor(silence$: Observable<number | undefined>, sessions: () => Iterable<Session>) {
    silence$.subscribe(since => {
      if (since === this.since) return
      this.since = since
      for (const session of sessions()) if (session.follows.size > 0) this.say(session)
    })
  }

  /** Says it to a session that begins to follow something meanwhile. */
  begun(session: Session): void {
    if (this.since !== undefined) this.say(session)
  }

  /** Each list is whole: what a client heard before counts no more. */
  private say(session: Session): void {
    const { since } = this
    session.send(JSON.stringify(since === undefined ? { stale: [] } : { stale: [...session.follows.keys()].map(shownName), since }))
  }
}
