/**
 * Dirtiness, pushed: what is computed registers with what it is computed from, and a change marks it once a frame. So a price
 * that moves touches those who use it and nobody else.
 */
export interface Dependent {
  /** Marked as changed and waiting in the frame's list. */
  dirty: boolean
  /** Computes anew at the end of the frame `t`; may touch further sources. */
  refresh(t: number): void
}

/** The dependents marked in the running frame, and the frame's number. */
export class Changes {
  /** Number of the running frame. */
  frame = 1
  /** Number of the last frame in which a source changed. */
  lastChange = 0
  private marked: Dependent[] = []

  mark(dependent: Dependent): void {
    if (dependent.dirty) return
    dependent.dirty = true
    this.marked.push(dependent)
  }

  /** Ends the frame: refreshes what was marked, then what that marked, until nothing is left. */
  recompute(t: number): void {
    while (this.marked.length > 0) {
      const wave = this.marked
      this.marked = []
      for (const dependent of wave) {
        dependent.dirty = false
        dependent.refresh(t)
      }
    }
    this.frame += 1
  }
}

/** Something that changes, and that others are computed from. */
export class Source {
  /** Number of the frame of the last change; 0 where it never changed. */
  changedAt = 0
  private readonly dependents: Dependent[] = []

  touch(changes: Changes): void {
    if (this.changedAt === changes.frame) return
    this.changedAt = changes.frame
    changes.lastChange = changes.frame
    for (const dependent of this.dependents) changes.mark(dependent)
  }

  add(dependent: Dependent): void {
    this.dependents.push(dependent)
  }

  remove(dependent: Dependent): void {
    const at = this.dependents.indexOf(dependent)
    if (at >= 0) this.dependents.splice(at, 1)
  }
}
