import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OPTIONS } from '../config/options.ts'
import { configJsonSchema } from '../config/schema.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { DriftwireProcess } from '../test/processKit.ts'

const ran = async (args: readonly string[], environment = {}): Promise<[code: unknown, stdout: string, stderr: string]> => {
  const program = new DriftwireProcess(args, environment)
  return [await program.exited, program.stdout, program.stderr]
}

describe('driftwire', () => {
  it.concurrent.each([[['help']], [['--help']], [[]]])('%j prints what it can do', async args => {
    const [code, stdout, stderr] = await ran(args)
    expect([code, stderr]).toEqual([0, ''])
    for (const command of ['serve', 'verify', 'pnl', 'schema', 'import prices']) expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'))
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
    expect(stdout).toMatch(/^Usage: driftwire serve \[options\]\n/)
    for (const option of Object.keys(OPTIONS)) expect(stdout).toContain(`--${option}`)
  })

  it.concurrent('of something else ends with exit code 2 and one line', async () => {
    expect(await ran(['sevre'])).toEqual([
      2,
      '',
      'driftwire: command: found "sevre", expected one that `driftwire -h` lists (Did you mean serve?)\n',
    ])
  })

  it.concurrent('counts an empty variable as unset', async () => {
    const [, , stderr] = await ran(['pnl', 'main', '--token', 'x'], { DRIFTWIRE_URL: '', DRIFTWIRE_PORT: '1' })
    expect(stderr).toMatch(/^driftwire: http:\/\/127\.0\.0\.1:1: found no answer/)
  })

  it.concurrent('has no colours but where a terminal wants them', async () => {
    expect((await ran(['-h']))[1]).not.toContain('\x1b')
    expect((await ran(['-h'], { FORCE_COLOR: '1' }))[1]).toContain('\x1b[1mUsage:\x1b[22m')
  })
})
