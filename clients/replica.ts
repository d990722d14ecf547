import { crc32 } from '../streams/wire/crc32.ts'
import { applyPatch, canonical, emptyObject, type JsonObject } from '../streams/wire/mergePatch.ts'
import type { ChecksumPush, PatchPush, SnapshotPush } from '../streams/wire/pushes.ts'

/** What became of a push: after `gap` and `mismatch` the state is not the server's any more, and the channel must be subscribed again. */
export type Outcome = 'changed' | 'checked' | 'gap' | 'mismatch'

const utf8 = new TextEncoder()

/** One channel as the server has it, followed push by push. */
export class Replica {
  state: JsonObject = emptyObject()
  epoch = ''
  seq = 0
  /** Event time up to which every number of the state is computed, ms. */
  t = 0
  /** Whether a snapshot has come; before that the state means nothing. */
  known = false

  /** Applies a push and returns what became of it. */
  apply(push: SnapshotPush | PatchPush | ChecksumPush): Outcome {
    if ('snap' in push) {
      this.state = applyPatch(emptyObject(), push.snap as JsonObject) as JsonObject
      this.epoch = push.epoch
      this.seq = push.seq
      this.t = push.t
      this.known = true
      return 'changed'
    }
    if ('h' in push) {
      if (push.seq !== this.seq) return 'gap'
      return crc32(utf8.encode(canonical(this.state))) === push.h ? 'checked' : 'mismatch'
    }
    if (!this.known || (push.prev ?? push.seq - 1) !== this.seq) return 'gap'
    this.state = applyPatch(this.state, push.d as JsonObject) as JsonObject
    this.seq = push.seq
    this.t = push.t
    return 'changed'
  }
}
