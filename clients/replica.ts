import { crc32 } from '../streams/wire/crc32.ts'
import { applyPatch, canonical, emptyObject, type JsonObject } from '../streams/wire/mergePatch.ts'
import type { ChecksumPush, PatchPush, SnapshotPush } from '../streams/wire/pushes.ts'

/** What became of a push: `gap` and `mismatch` mean that the state is not the server's any more and the channel is to be subscribed anew. */
export type Outcome = 'changed' | 'checked' | 'gap' | 'mismatch'

const utf8 = new TextEncoder()

/** One channel as the server has it, followed push by push. */
export class Replica {
  state: JsonObject = emptyObject()
  epoch = ''
  seq = 0
  /** Event time up to which every number of the state is computed, ms. */
  t = 0
  /** A snapshot has come, so the state is worth something. */
  known = false

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
    applyPatch(this.state, push.d as JsonObject)
    this.seq = push.seq
    this.t = push.t
    return 'changed'
  }
}
