import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Push } from '../../streams/channels/channelStates.ts'
import { UsageError } from '../config/options.ts'

/** Writes every patch as one line, in order, unmerged. */
export interface FrameRecorder {
  write(pushes: readonly Push[]): void
  /** Resolves when the disk has caught up. */
  room(): Promise<void>
  close(): Promise<void>
}

const NEWLINE = Buffer.from('\n')

/** Throws UsageError where the file cannot be written. */
export const openFrameRecorder = async (file: string): Promise<FrameRecorder> => {
  const stream = createWriteStream(file)
  try {
    await once(stream, 'open')
  } catch (error) {
    throw new UsageError(
      `--record-frames: "${file}" cannot be written (${(error as NodeJS.ErrnoException).code}), expected the name of a file`,
    )
  }
  let full = false
  return {
    write(pushes) {
      for (const { bytes } of pushes) full = !stream.write(Buffer.concat([bytes, NEWLINE])) || full
    },
    async room() {
      if (full && stream.writableNeedDrain) await once(stream, 'drain')
      full = false
    },
    async close() {
      stream.end()
      await finished(stream)
    },
  }
}
