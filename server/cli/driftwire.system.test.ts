import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OPTIONS } from '../config/options.ts'
import { configJsonSchema } from '../config/schema.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { DriftwireProcess } from '../test/processKit.ts'
import { COMMANDS } from './commands.ts'

const ran = async (args: readonly string[], environment = {}): Promise<[code: unknown, stdout: string, stderr: string]> => {
  const program = new DriftwireProcess(args, environment)
  return [await program.exited, program.stdout, program.stderr]
}

describe('driftwire', () => {
  it.concurrent.each([[['help']], [['--help']], [[]]])('%j prints what it can do, every option included', async args => {
    const [code, stdout, stderr] = await ran(args)
    expect([code, stderr]).toEqual([0, ''])
    for (const command of ['serve', 'verify', 'schema', 'help']) expect(stdout).toContain(`driftwire ${command}`)
    for (const option of Object.keys(OPTIONS)) expect(stdout).toContain(`--${option}`)
  })

  it.concurrent('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }
    expect(await ran(['--version'])).toEqual([0, `${version}\n`, ''])
  })

  it.concurrent('schema prints the JSON Schema of the configuration', async () => {
    const [code, stdout, stderr] = await ran(['schema'])
    expect([code, JSON.parse(stdout), stderr]).toEqual([0, configJsonSchema(), ''])
  })

  it.concurrent.each(
    [
      ['serve', '--help'],
      ['help', 'serve'],
      ['serve', '--port', '1', '-h'],
    ].map(args => [args]),
  )('%j prints the options of serve and starts nothing', async args => {
    const [code, stdout, stderr] = await ran(args)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^driftwire serve \[OPTIONS\]\n/)
    for (const option of Object.keys(OPTIONS)) expect(stdout).toContain(`--${option}`)
  })

  it.concurrent('of a group prints the help of its commands, and says which there are', async () => {
    const [code, stdout] = await ran(['import', '-h'])
    expect(code).toBe(0)
    for (const { name } of COMMANDS) expect(stdout.includes(`driftwire ${name} `)).toBe(name.startsWith('import '))
    const [other, , stderr] = await ran(['import', 'trades'])
    expect(other).toBe(2)
    expect(stderr).toMatch(/^driftwire: command: found "import trades", expected import transactions, .* or import coingecko\n$/)
  })

  it.concurrent('of something else ends with exit code 2 and one line', async () => {
    expect(await ran(['sevre'])).toEqual([
      2,
      '',
      'driftwire: command: found "sevre", expected serve, verify, import, pnl, backtest, allocate, client, spool, schema or help\n',
    ])
  })
})
