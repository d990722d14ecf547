import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readSecretFiles, SECRETS, secretsIn } from './secrets.ts'

const folder = mkdtempSync(join(tmpdir(), 'driftwire-secrets-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('a secret of a file', () => {
  it.each(SECRETS)('%s is read from it, without its line end', name => {
    const environment: Record<string, string | undefined> = { [`${name}_FILE`]: file('one', 'a secret \n'), OTHER: 'x' }
    readSecretFiles(environment)
    expect(environment[name]).toBe('a secret ')
    expect(environment.OTHER).toBe('x')
  })

  it.each<[why: string, given: Record<string, string>, line: RegExp]>([
    [
      'is given twice',
      { DRIFTWIRE_REDIS: 'redis://a', DRIFTWIRE_REDIS_FILE: file('two', 'redis://b') },
      /^DRIFTWIRE_REDIS_FILE: found DRIFTWIRE_REDIS as well/,
    ],
    ['is in no file', { DRIFTWIRE_ADMIN_TOKEN_FILE: join(folder, 'none') }, /^DRIFTWIRE_ADMIN_TOKEN_FILE: .*none: found ENOENT, expected/],
    [
      'is nothing',
      { DRIFTWIRE_ADMIN_TOKEN_FILE: file('empty', '\n') },
      /^DRIFTWIRE_ADMIN_TOKEN_FILE: .*empty: found nothing, expected one line$/,
    ],
    ['is many lines', { DRIFTWIRE_ADMIN_TOKEN_FILE: file('lines', 'a\nb\n') }, /found several lines, expected one line$/],
  ])('that %s is refused in one line that does not repeat it', (_, given, line) => {
    expect(() => readSecretFiles(given)).toThrow(line)
    expect(() => readSecretFiles(given)).not.toThrow(/redis:/)
  })
})

it('finds the secrets of the environment, in addresses the password alone', () => {
  const environment = {
    DRIFTWIRE_ADMIN_TOKEN: 'token',
    DRIFTWIRE_CLICKHOUSE: 'http://eve:p%40ss@db:8123',
    DRIFTWIRE_REDIS: 'redis://:hidden@cache',
    DRIFTWIRE_REDIS_JOURNAL: 'redis://cache',
    PATH: '/bin',
  }
  expect(secretsIn(environment)).toEqual(['token', 'p%40ss', 'p@ss', 'hidden', 'hidden'])
})
