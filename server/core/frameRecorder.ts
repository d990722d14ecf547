import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Logger } from 'pino'
import type { Push } from '../../streams/channels/channelStates.ts'
import { UsageError } from '../config/options.ts'
import { logError } from '../lib/errorEvents.ts'
import type { Figures } from '../lib/figures.ts'

/** Writes every patch as one line, in order, unmerged. */
export interface FrameRecorder {
  /** Takes pushes; drops and counts them if the disk takes none any more. */
  write(pushes: readonly Push[]): void
  /** Resolves when the disk has caught up, or has failed. */
  room(): Promise<void>
  /** Returns what has become of the pushes. */
  figures(): Figures
  close(): Promise<void>
}

const NEWLINE = Buffer.from('\n')
/** Bytes that wait for the disk at which pushes of a live run are dropped; a replay waits. */
const WAITING_MAX = 64 * 1024 * 1024

/** Opens a file to record pushes in. Throws UsageError if it cannot be written. */
export const openFrameRecorder = async (file: string, log: Logger): Promise<FrameRecorder> => {
  const stream = createWriteStream(file)
  try {
    await once(stream, 'open')
  } catch (error) {
    throw new UsageError(
      `--record-frames: "${file}" cannot be written (${(error as NodeJS.ErrnoException).code}), expected the name of a file`,
    )
  }
  let [written, dropped, full] = [0, 0, false]
  let failure: string | undefined
  stream.on('error', ({ message }) => {
    failure = message
    logError(log, 'record_ended', { file, error: message })
  })
  return {
    write(pushes) {
      if (failure !== undefined || stream.writableLength > WAITING_MAX) {
        dropped += pushes.length
        return
      }
      for (const { bytes } of pushes) full = !stream.write(Buffer.concat([bytes, NEWLINE])) || full
      written += pushes.length
    },
    async room() {
      // Rejects if the disk fails while it waits, which `failure` says.
      if (full && stream.writableNeedDrain) await once(stream, 'drain').catch(() => {})
      full = false
    },
    figures: () => ({ written, dropped, waitingBytes: stream.writableLength, failure }),
    async close() {
      if (failure !== undefined) return
      stream.end()
      await finished(stream)
    },
  }
}
