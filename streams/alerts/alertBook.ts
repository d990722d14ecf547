import type { Changes } from '../lib/dependencies.ts'
import { Source } from '../lib/dependencies.ts'
import { type Alert, type AlertChange, channelsBehind } from './alert.ts'

/** Alerts that are over and still shown. */
const OVER_MAX = 50

/** The alerts that are open and the newest that are over, for everybody or for the admin alone. */
export class AlertList extends Source {
  readonly open = new Map<string, Alert>()
  /** The oldest first. */
  readonly over = new Map<string, Alert>()

  /** Notes an alert as it stands now. */
  note(alert: Alert): void {
    if (alert.state === 'open') {
      this.open.set(alert.id, alert)
      return
    }
    this.open.delete(alert.id)
    this.over.set(alert.id, alert)
    for (const id of this.over.keys()) {
      if (this.over.size <= OVER_MAX) break
      this.over.delete(id)
    }
  }
}

/** All alerts: those that say something of channels that everybody reads alone, and every one. */
export class AlertBook {
  readonly everybodys = new AlertList()
  readonly all = new AlertList()
  /** Whether there are rules. */
  readonly ruled: boolean
  private readonly isPublic: (channel: string) => boolean

  /** `isPublic` says whether everybody reads a channel. */
  constructor(ruled: boolean, isPublic: (channel: string) => boolean) {
    this.ruled = ruled
    this.isPublic = isPublic
  }

  /** Notes what has happened. */
  note(happened: readonly AlertChange[], changes: Changes): void {
    for (const { alert } of happened) {
      this.all.note(alert)
      if (channelsBehind(alert).every(this.isPublic)) this.everybodys.note(alert)
      else if (this.everybodys.open.delete(alert.id)) this.everybodys.touch(changes)
    }
    this.all.touch(changes)
    this.everybodys.touch(changes)
  }
}
