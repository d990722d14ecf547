import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { packageRoot } from '../lib/packageRoot.ts'

/** Recorded market, chain and wallet data, which stand beside the project and not in it. */
export const recordings: string = join(packageRoot(), '../shared/data')

/** A test that needs them is skipped where they are not. */
export const haveRecordings: boolean = existsSync(join(recordings, 'README.md'))

/** The lines of a recorded file, for expectations of the test's own. */
export const recordedLines = (file: string): string[] =>
  gunzipSync(readFileSync(join(recordings, file)))
    .toString()
    .trimEnd()
    .split('\n')
