import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import type { Push } from '../../streams/channels/channelStates.ts'
import { UsageError } from '../config/options.ts'
import { openFrameRecorder } from './frameRecorder.ts'

const dir = mkdtempSync(join(tmpdir(), 'driftwire-recorder-'))
afterAll(() => rmSync(dir, { recursive: true }))
const log = pino({ level: 'silent' })
const push = (text: string): Push => ({ bytes: Buffer.from(text) }) as unknown as Push

describe('a record of frames', () => {
  it('has every push as a line, in order', async () => {
    const file = join(dir, 'frames.ndjson')
    const recorder = await openFrameRecorder(file, log)
    for (let i = 0; i < 5_000; i++) {
      recorder.write([push(`{"n":${i}}`), push('{}')])
      await recorder.room()
    }
    expect(recorder.figures()).toMatchObject({ written: 10_000, dropped: 0, failure: undefined })
    await recorder.close()
    expect(readFileSync(file, 'utf8')).toBe(Array.from({ length: 5_000 }, (_, i) => `{"n":${i}}\n{}\n`).join(''))
  })

  it('is refused where it cannot be written', async () => {
    await expect(openFrameRecorder(join(dir, 'none', 'frames'), log)).rejects.toThrow(UsageError)
  })

  it.skipIf(!existsSync('/dev/full'))('ends if the disk is full: what is missing is counted, and the server goes on', async () => {
    const recorder = await openFrameRecorder('/dev/full', log)
    recorder.write([push('{}')])
    await expect.poll(() => recorder.figures().failure).toMatch(/ENOSPC/)
    recorder.write([push('{}'), push('{}')])
    await recorder.room()
    expect(recorder.figures()).toMatchObject({ dropped: 2 })
    await recorder.close()
  })

  it('of a live run is bounded in memory: pushes that find no room are dropped and counted', async () => {
    const recorder = await openFrameRecorder(join(dir, 'large'), log)
    const large = push('x'.repeat(40 * 1024 * 1024))
    for (let i = 0; i < 4; i++) recorder.write([large])
    expect(recorder.figures()).toMatchObject({ written: 2, dropped: 2 })
    await recorder.close()
  })
})
