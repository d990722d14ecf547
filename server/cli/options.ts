import type { OptionSpec } from '../config/options.ts'

/** The running server that a command speaks to, and the token that it shows it. */
export const SERVER = {
  url: { kind: 'text', value: 'URL', help: 'the server; the local one if left out', env: 'DRIFTWIRE_URL' },
  token: { kind: 'text', value: 'TOKEN', help: 'the token to show it', env: 'DRIFTWIRE_TOKEN' },
} as const satisfies Record<string, OptionSpec>

/** A stretch of time. */
export const TIMES = {
  from: { kind: 'text', value: 'TIME', help: 'from this time on: ms, or ISO 8601, UTC if it names no offset' },
  to: { kind: 'text', value: 'TIME', help: 'up to and without this time' },
} as const satisfies Record<string, OptionSpec>

/** For programs instead of people. */
export const CSV = { kind: 'flag', help: 'print CSV', conflicts: 'json' } as const satisfies OptionSpec
/** For programs instead of people. */
export const JSON_FORM = { kind: 'flag', help: 'print JSON' } as const satisfies OptionSpec

/** A directory in place of a running server. */
export const DATA = {
  kind: 'text',
  value: 'DIR',
  help: 'a data directory that no server holds, instead of a server',
  complete: 'files',
} as const satisfies OptionSpec

/** A configuration. */
export const CONFIG = { kind: 'text', value: 'FILE', help: 'configuration, for `symbols`', complete: 'files' } as const satisfies OptionSpec
