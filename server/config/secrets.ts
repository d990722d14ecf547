import { readFileSync } from 'node:fs'
import { UsageError } from './options.ts'

/** Variables that hold a secret. Each may name a file that holds it instead, as `NAME_FILE`: a file has an owner and a mode, and shows in no list of processes. */
export const SECRETS = [
  'DRIFTWIRE_ADMIN_TOKEN',
  'DRIFTWIRE_PASSWORD',
  'DRIFTWIRE_CLICKHOUSE',
  'DRIFTWIRE_REDIS',
  'DRIFTWIRE_REDIS_JOURNAL',
  'DRIFTWIRE_EXCHANGE_KEY',
  'DRIFTWIRE_EXCHANGE_SECRET',
  'DRIFTWIRE_EXCHANGE_PASSWORD',
  'DRIFTWIRE_ALERT_SECRET',
  'COINGECKO_DEMO_API_KEY',
  'COINGECKO_PRO_API_KEY',
  'ETHERSCAN_API_KEY',
  'GITHUB_TOKEN',
] as const

type Environment = Record<string, string | undefined>

/**
 * Puts the secrets of files into the variables that they stand for; a line end after one is no part of it. Throws UsageError for a file that cannot be
 * read or is empty, and for a secret that is given twice.
 */
export const readSecretFiles = (environment: Environment): void => {
  for (const name of SECRETS) {
    const variable = `${name}_FILE`
    const file = environment[variable]
    if (file === undefined || file === '') continue
    if (environment[name] !== undefined && environment[name] !== '')
      throw new UsageError(`${variable}: found ${name} as well, expected one of the two`)
    environment[name] = secretIn(variable, file)
  }
}

const secretIn = (variable: string, file: string): string => {
  let text: string
  try {
    text = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new UsageError(`${variable}: ${file}: found ${(error as NodeJS.ErrnoException).code}, expected a file that can be read`)
  }
  if (text === '' || /[\r\n]/.test(text))
    throw new UsageError(`${variable}: ${file}: found ${text === '' ? 'nothing' : 'several lines'}, expected one line`)
  return text
}

/** Returns the secrets that the environment holds, passwords in addresses among them. */
export const secretsIn = (environment: Readonly<Environment>): string[] =>
  SECRETS.flatMap(name => {
    const value = environment[name]
    if (value === undefined || value === '') return []
    const [, login] = /^[a-z][a-z\d+.-]*:\/\/([^/@\s]*)@/.exec(value) ?? []
    if (!value.includes('://')) return [value]
    const password = login?.slice(login.indexOf(':') + 1)
    return password === undefined || password === '' ? [] : [password, decoded(password)]
  })

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
