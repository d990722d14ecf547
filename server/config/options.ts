/** A mistake in the user's input: it ends the start with exit code 2 and this one line. */
export class UsageError extends Error {
  constructor(line: string) {
    super(line.replaceAll(/\s*[\r\n]\s*/g, ' '))
  }
}

/** How an option of a command is written, and where else it may come from. */
export interface OptionSpec {
  /** `list` may be repeated; in an environment variable, newlines or `;` separate its values. */
  readonly kind: 'text' | 'list' | 'flag'
  /** What stands for its value in the help. */
  readonly value?: string
  readonly help: string
  /** The environment variable that gives it if the command line does not. */
  readonly env?: string
  readonly choices?: readonly string[]
  /** The option beside which it makes no sense. */
  readonly conflicts?: string
  /** What a shell offers for its value. */
  readonly complete?: Completion
}

/** What a shell offers: files, or names that the running server knows. */
export type Completion = 'files' | 'channels' | 'pastChannels' | 'funds' | 'portfolios'

/** Options by their names, without dashes. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

type Value<S extends OptionSpec> = S['kind'] extends 'list' ? string[] : S['kind'] extends 'flag' ? boolean : string

/** The values of options: an option that is not given is absent. */
export type Values<O extends OptionSpecs> = { readonly [N in keyof O]?: Value<O[N]> }

/** How much the log says. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
/** What a process does: everything; or it computes; or it serves sockets. */
export const ROLES = ['all', 'core', 'gateway'] as const
/** For programs, or for people. */
export const LOG_FORMATS = ['json', 'text'] as const

/** The options of `serve`, each also an environment variable: `--wait-clients` is DRIFTWIRE_WAIT_CLIENTS. */
export const OPTIONS = {
  config: { kind: 'text', value: 'FILE', help: 'configuration, JSON (see `driftwire schema`)' },
  host: { kind: 'text', value: 'HOST', help: 'address to listen on (127.0.0.1)' },
  port: { kind: 'text', value: 'PORT', help: 'port to listen on (8080); 0 picks one' },
  data: { kind: 'text', value: 'DIR', help: 'data directory, embedded ClickHouse in it (./data)' },
  clickhouse: { kind: 'text', value: 'URL', help: 'a ClickHouse server instead of the embedded one' },
  'clickhouse-cluster': { kind: 'text', value: 'NAME', help: 'its cluster: replicated and distributed tables on all its servers' },
  'clickhouse-read': { kind: 'text', value: 'URL[,URL]', help: 'servers with the same rows that are asked about the past first' },
  role: {
    kind: 'text',
    value: 'ROLE',
    help: 'all; or core, which computes, and gateway, which serves sockets, with --redis between them',
    choices: ROLES,
  },
  redis: { kind: 'text', value: 'URL', help: 'what lies between processes: frames, commands, leases (volatile)' },
  'redis-journal': { kind: 'text', value: 'URL', help: 'where the ledger of several processes lies (durable); that of --redis' },
  'redis-journal-may-lose': { kind: 'flag', help: 'start although the Redis of the journal does not write to disk before it answers' },
  shard: { kind: 'text', value: 'K/N', help: 'compute part K of N of the portfolios and pools, and share the feeds with the other parts' },
  'drain-ms': {
    kind: 'text',
    value: 'MS',
    help: 'how long a gateway that stops serves on while /readyz is 503 (5000 with --behind-tls, else 0)',
  },
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
  otlp: { kind: 'text', value: 'URL', help: 'traces of commands go to this collector, by OTLP over HTTP' },
  'log-level': { kind: 'text', value: 'LEVEL', help: 'trace, debug, info, warn, error or silent (info)', choices: LOG_LEVELS },
  'log-format': {
    kind: 'text',
    value: 'FORMAT',
    help: 'json, or text for people; text if standard error is a terminal',
    choices: LOG_FORMATS,
  },
} as const satisfies OptionSpecs

/** The name of an option, without its dashes. */
export type OptionName = keyof typeof OPTIONS
/** The options as given: an option without a value is absent. */
export type Options = Values<typeof OPTIONS>

/** Returns the name of an option's environment variable. */
export const environmentName = (option: string): string => `DRIFTWIRE_${option.toUpperCase().replaceAll('-', '_')}`

/** Returns options as they are, each with an environment variable of its own name. */
export const withVariables = <O extends OptionSpecs>(specs: O): O =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, { ...spec, env: environmentName(name) }])) as unknown as O

/** Returns the options that the environment gives. An empty variable counts as unset. Throws UsageError for a flag that is neither on nor off. */
export const fromEnvironment = <O extends OptionSpecs>(specs: O, environment: Readonly<Record<string, string | undefined>>): Values<O> => {
  const values: Record<string, string | boolean | string[]> = {}
  for (const [name, { kind, env }] of Object.entries(specs)) {
    const value = env === undefined ? undefined : environment[env]
    if (env === undefined || value === undefined || value === '') continue
    if (kind === 'list')
      values[name] = value
        .split(/[\n;]/)
        .map(item => item.trim())
        .filter(Boolean)
    else values[name] = kind === 'flag' ? readFlag(env, value) : value
  }
  return values as Values<O>
}

/** Returns the options of a server: those given win over the environment. */
export const readOptions = (given: Options, environment: Readonly<Record<string, string | undefined>>): Options => ({
  ...fromEnvironment(withVariables(OPTIONS), environment),
  ...given,
})

const readFlag = (name: string, value: string): boolean => {
  if (value === '1' || value === 'true') return true
  if (value === '0' || value === 'false') return false
  throw new UsageError(`${name}: found "${value}", expected 1, true, 0 or false`)
}

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
