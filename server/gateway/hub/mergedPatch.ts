import { utf8Bytes, utf8Text } from '../../../streams/channels/byteWriter.ts'
import { composed, type PatchObject } from '../../../streams/wire/mergePatch.ts'
import type { PatchPush } from '../../../streams/wire/pushes.ts'

/** Returns patches, the first of which follows the state of number `prev`, as one; undefined if one cannot say what they do. */
export const mergedPatch = (patches: readonly Uint8Array[], prev: number): Uint8Array | undefined => {
  const read = patches.map(bytes => JSON.parse(utf8Text(bytes)) as PatchPush & { readonly d: PatchObject })
  let d: PatchObject | undefined = {}
  for (const patch of read) d = d && composed(d, patch.d)
  const { ch, seq, t } = read.at(-1)!
  return d && utf8Bytes(JSON.stringify({ ch, seq, prev, t, merged: seq - prev, d }))
}
