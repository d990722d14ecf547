/**
 * Something computed. It registers with the sources that it is computed from, and their changes mark it once a frame: so a price that moves
 * touches what uses it and nothing else.
 */
export interface Dependent {
  /** Whether it is marked and waits in the frame's list. */
  dirty: boolean
  /** Recomputes it at the end of the frame `t` (ms); may touch further sources. */
  refresh(t: number): void
}

/** The dependents that are marked in the running frame, and the frame's number. */
export class Changes {
  /** Number of the running frame. */
  frame = 1
  /** Number of the last frame in which a source changed. */
  lastChange = 0
  private marked: Dependent[] = []

  /** Marks a dependent to be recomputed at the end of the frame. */
  mark(dependent: Dependent): void {
    if (dependent.dirty) return
    dependent.dirty = true
    this.marked.push(dependent)
  }

  /** Ends the frame `t` (ms): refreshes what was marked, then what that marked, until nothing is left. */
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

/** Something that changes and that others are computed from. */
export class Source {
  /** Number of the frame of the last change; 0 if it never changed. */
  changedAt = 0
  private readonly dependents: Dependent[] = []

  /** Notes a change in the running frame, and marks all dependents. */
  touch(changes: Changes): void {
    if (this.changedAt === changes.frame) return
    this.changedAt = changes.frame
    changes.lastChange = changes.frame
    for (const dependent of this.dependents) changes.mark(dependent)
  }

  /** Lets changes mark a dependent. */
  add(dependent: Dependent): void {
    this.dependents.push(dependent)
  }

  /** Ends what `add` began. */
  remove(dependent: Dependent): void {
    const at = this.dependents.indexOf(dependent)
    if (at >= 0) this.dependents.splice(at, 1)
  }
}
