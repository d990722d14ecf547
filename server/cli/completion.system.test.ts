import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'
import { SCRIPTS } from './completion.ts'

/** The shells of this machine: those that are not installed are left out. */
const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ['-c', 'exit 0'])
    return true
  } catch {
    return false
  }
}

let server: DriftwireProcess
let environment: NodeJS.ProcessEnv
beforeAll(async () => {
  server = DriftwireProcess.serve('--data', pathOf('data'), '--config', written('config.json', '{"feeds":[],"portfolios":[{"id":"main"}]}'))
  const program = written(
    'bin/driftwire',
    `#!/bin/sh\nexec "${process.execPath}" "${join(packageRoot(), 'server/cli/driftwire.cjs')}" "$@"\n`,
  )
  chmodSync(program, 0o755)
  environment = { PATH: `${join(program, '..')}:${process.env.PATH}`, HOME: pathOf('home'), DRIFTWIRE_URL: await server.url() }
})
afterAll(() => server.end('SIGTERM'))

/** Types a line in a shell that has read its script, presses the tabulator, and returns what the shell would put in. */
const TYPED: Readonly<Record<keyof typeof SCRIPTS, (line: string) => string>> = {
  bash: line => `${SCRIPTS.bash}
    COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}
    _driftwire
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: line => `compdef() { :; }; _files() { print files; }; _describe() { print -l -- "\${(P@)2}"; }
    ${SCRIPTS.zsh}
    words=(\${(s: :)\${:-'${line}'}}); [[ '${line}' == *' ' ]] && words+=('')
    CURRENT=\${#words}
    _driftwire`,
  fish: line => `${SCRIPTS.fish}
    complete -C'${line}'`,
}
const completed = (shell: keyof typeof SCRIPTS, line: string): string[] =>
  execFileSync(shell, ['-c', TYPED[shell](line)], { env: environment, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
    .map(text => text.split('\t')[0]!)

describe.each(Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[])('%s', shell => {
  // A shell that is not installed cannot be asked.
  describe.skipIf(!has(shell))('with its script', () => {
    it('completes commands and options', () => {
      expect(completed(shell, 'driftwire ser').join()).toMatch(/^serve/)
      expect(completed(shell, 'driftwire import pri').join()).toMatch(/^prices/)
      expect(completed(shell, 'driftwire pnl main --js').join()).toMatch(/^--json/)
    })

    it('completes names that the server knows', () => {
      expect(completed(shell, 'driftwire pnl ')).toEqual(['main'])
    })
  })
})

it('bash puts in only what follows the last colon of a channel', () => {
  expect(completed('bash', 'driftwire watch pnl:m')).toEqual(['main'])
})

it('the script of a shell is printed by `complete SHELL`, and no shell is bothered if the server does not answer', async () => {
  const program = new DriftwireProcess(['complete', 'bash'])
  expect([await program.exited, program.stdout]).toEqual([0, SCRIPTS.bash])
  const asked = new DriftwireProcess(['complete', '--', 'pnl', ''], { DRIFTWIRE_URL: 'http://127.0.0.1:1' })
  expect([await asked.exited, asked.stdout, asked.stderr]).toEqual([0, '', ''])
})
