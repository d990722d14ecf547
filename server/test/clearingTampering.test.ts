import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'

const run = promisify(execFile)

/** `npm run test:tampering` does all. */
const SOME = [
  'one digit of an early amount',
  'the kept state forged with its hash',
  'the kept state forged with its seal',
  'one key lost',
  'log that was cut in half',
  'no file and no head',
]

it('a journal that was tampered with is noticed at the start and restored, or starts with the balances that were acknowledged', async () => {
  const script = join(packageRoot(), 'scripts', 'tampering.mjs')
  // If it fails, what it has printed says why.
  const { stdout } = await run(process.execPath, [script, ...SOME], { env: { ...process.env, ORDERS: '60' } }).catch(error => error)
  expect(stdout.match(/^ {4}(found, and restored|right)/gm)).toHaveLength(SOME.length)
  expect(stdout).toContain('none starts with other balances')
}, 400_000)
