import type { OptionSpec } from '../config/options.ts'
import { SERVER } from './options.ts'

/** Who a command speaks for. Passwords and tokens are never options: others on the machine can read those. */
export const CLIENT = {
  user: { kind: 'text', value: 'NAME', help: 'the client; DRIFTWIRE_PASSWORD, or the terminal, gives the password', env: 'DRIFTWIRE_USER' },
  'token-file': {
    kind: 'text',
    value: 'FILE',
    help: 'a file with the token of a login, or DRIFTWIRE_TOKEN the token',
    env: 'DRIFTWIRE_TOKEN_FILE',
    complete: 'files',
  },
  url: SERVER.url,
} as const satisfies Record<string, OptionSpec>

/** The client's own name of an order. */
export const KEY = {
  kind: 'text',
  value: 'KEY',
  help: 'a name of your own: under one key an order is done once, however often it is sent',
} as const satisfies OptionSpec

/** For scripts on a terminal. */
export const YES = { kind: 'flag', help: 'do not ask' } as const satisfies OptionSpec
