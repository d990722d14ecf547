import { parseArgs } from 'node:util'

/** A mistake in the user's input: it ends the start with exit code 2 and this one line. */
export class UsageError extends Error {
  constructor(line: string) {
    super(line.replaceAll(/\s*[\r\n]\s*/g, ' '))
  }
}

type Kind = 'text' | 'list' | 'flag'

interface Option {
  readonly kind: Kind
  readonly value?: string
  readonly help: string
}

/** The options of `serve`, each also an environment variable: `--wait-clients` is DRIFTWIRE_WAIT_CLIENTS. */
export const OPTIONS = {
  config: { kind: 'text', value: 'FILE', help: 'configuration, JSON (see `driftwire schema`)' },
  host: { kind: 'text', value: 'HOST', help: 'address to listen on (127.0.0.1)' },
  port: { kind: 'text', value: 'PORT', help: 'port to listen on (8080); 0 picks one' },
  data: { kind: 'text', value: 'DIR', help: 'data directory, embedded ClickHouse in it (./data)' },
  clickhouse: { kind: 'text', value: 'URL', help: 'a ClickHouse server instead of the embedded one' },
  redis: { kind: 'text', value: 'URL', help: 'several processes share one stream and one ledger; not available in this version' },
  role: { kind: 'text', value: 'ROLE', help: 'all; core (computes) and gateway (serves sockets) are not available in this version' },
  feed: { kind: 'list', value: 'SPEC', help: "repeatable; replaces the configuration's feeds" },
  speed: { kind: 'text', value: 'N|max', help: 'speed of replays: 1 as recorded, 10 ten times faster, max' },
  'wait-clients': { kind: 'text', value: 'N', help: 'a replay starts when N sockets have subscribed' },
  'record-frames': { kind: 'text', value: 'FILE', help: 'every patch of every channel, as NDJSON' },
  'exit-at-end': { kind: 'flag', help: 'exit, all written, when the last feed has ended' },
  repair: { kind: 'flag', help: "restore a damaged journal from ClickHouse's copy, as far as there is one" },
  'behind-tls': { kind: 'flag', help: 'a proxy in front speaks TLS, so any host may be listened on' },
  'tls-cert': { kind: 'text', value: 'FILE', help: 'certificate chain, PEM' },
  'tls-key': { kind: 'text', value: 'FILE', help: 'private key, PEM' },
  transport: { kind: 'text', value: 'NAME', help: 'uws or ws; by default uws where it loads' },
  'log-level': { kind: 'text', value: 'LEVEL', help: 'trace, debug, info, warn, error or silent (info)' },
} as const satisfies Record<string, Option>

/** The name of an option, without its dashes. */
export type OptionName = keyof typeof OPTIONS
type Value<N extends OptionName> = (typeof OPTIONS)[N]['kind'] extends 'list'
  ? string[]
  : (typeof OPTIONS)[N]['kind'] extends 'flag'
    ? boolean
    : string
/** The options as given: an option without a value is absent. */
export type Options = { readonly [N in OptionName]?: Value<N> }

/** Returns the name of an option's environment variable. */
export const environmentName = (option: string): string => `DRIFTWIRE_${option.toUpperCase().replaceAll('-', '_')}`

/** Reads the options: the command line wins over the environment. Throws UsageError for an option that does not exist. */
export const readOptions = (args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Options => {
  const fromEnvironment: Record<string, string | boolean | string[]> = {}
  for (const [name, { kind }] of Object.entries(OPTIONS)) {
    const value = environment[environmentName(name)]
    if (value === undefined || value === '') continue
    if (kind === 'list')
      fromEnvironment[name] = value
        .split(/[\n;]/)
        .map(item => item.trim())
        .filter(Boolean)
    else fromEnvironment[name] = kind === 'flag' ? readFlag(environmentName(name), value) : value
  }
  const options = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, { kind }]) => [
      name,
      { type: kind === 'flag' ? 'boolean' : 'string', multiple: kind === 'list' } as const,
    ]),
  )
  let given: ReturnType<typeof parseArgs>['values']
  try {
    given = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError(lineOf(error as Error & { code?: string }))
  }
  for (const [name, value] of Object.entries(given)) if ([value].flat().includes('')) throw new UsageError(lacking(name as OptionName))
  return { ...fromEnvironment, ...given } as Options
}

const readFlag = (name: string, value: string): boolean => {
  if (value === '1' || value === 'true') return true
  if (value === '0' || value === 'false') return false
  throw new UsageError(`${name}: found "${value}", expected 1, true, 0 or false`)
}

const lineOf = ({ message, code }: Error & { code?: string }): string => {
  const [, option] = /'(-[^']*)'/.exec(message) ?? []
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
    return `${option}: found an option that is not known, expected one of --${Object.keys(OPTIONS).join(', --')}`
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
    return `arguments: found ${/'([^']*)'/.exec(message)?.[0] ?? 'a word'}, expected options only`
  // Two mistakes are left: a value for an option that takes none, and no value for one that takes one.
  const name = /--([a-z-]+)/.exec(message)?.[1] as OptionName
  return OPTIONS[name].kind === 'flag' ? `--${name}: found a value, expected none` : lacking(name)
}

const lacking = (name: OptionName): string => `--${name}: found no value, expected ${(OPTIONS[name] as Option).value}`

/** Returns the whole number that `value` is; throws UsageError if it is none, or not from `least` to `most`. */
export const readCount = (name: string, value: string, least: number, most: number): number => {
  const count = Number(value)
  if (!/^\d+$/.test(value) || count < least || count > most)
    throw new UsageError(`--${name}: found "${value}", expected a whole number from ${least} to ${most}`)
  return count
}

/** Returns `value` if it is one of `choices`; throws UsageError otherwise. */
export const readChoice = <const T extends string>(name: string, value: string, choices: readonly T[]): T => {
  if (!choices.includes(value as T))
    throw new UsageError(`--${name}: found "${value}", expected ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`)
  return value as T
}

/** Returns a line of help for each option. */
export const optionsHelp = (): string =>
  Object.entries(OPTIONS as Record<string, Option>)
    .map(([name, { value, help }]) => `  ${`--${name}${value ? ` ${value}` : ''}`.padEnd(24)}${help}`)
    .join('\n')
