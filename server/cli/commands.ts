import { optionsHelp } from '../config/options.ts'
import { configJsonSchema } from '../config/schema.ts'
import { LIVE_FEEDS } from '../feeds/venues/index.ts'

/** What a command is given beside its arguments. */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The version of driftwire. */
  readonly version: string
  /** Columns of the terminal; 80 if there is none. */
  readonly columns: number
}

/** A command of the command line. */
export interface Command {
  /** One word, or two such as `import prices`. */
  readonly name: string
  /** Its arguments, as its help shows them. */
  readonly usage: string
  readonly summary: string
  /** What its help says beyond the summary. */
  readonly more?: () => string
  /** Runs it. Returns its exit code, if it is not zero. Throws UsageError for a mistake in what was typed. */
  readonly run: (args: readonly string[], context: CommandContext) => Promise<number | undefined>
}

const print = (text: string): undefined => {
  console.log(text)
  return undefined
}

const runImport =
  (what: string): Command['run'] =>
  async (args, { environment }) =>
    (await import('./import.ts')).runImport([what, ...args], environment)

const SERVER = '[--url URL] [--token TOKEN]'

const serveHelp = (): string => `Options; each is also an environment variable, --wait-clients as DRIFTWIRE_WAIT_CLIENTS:

${optionsHelp()}

Feeds: sim or sim:SEED · replay:FILE · ${LIVE_FEEDS.join(' · ')}
       evm:wss://… or evm:https://…, from a block on with #from=BLOCK: the configured pools' events, from a node of their chain
       ccxt: and http: are not available in this version`

/** All commands, in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'serve',
    usage: '[OPTIONS]',
    summary: 'run the server',
    more: serveHelp,
    run: async (args, { version }) => {
      await (await import('./serve.ts')).serve(args, version)
      return undefined
    },
  },
  {
    name: 'verify',
    usage: '[DIR] [--url URL]',
    summary: 'follow the whole journal of a data directory (./data) from entry to entry, or ask the server that holds it',
    run: async (args, { environment }) => print(await (await import('./verify.ts')).verify(args, environment)),
  },
  {
    name: 'import transactions',
    usage: `FILE --portfolio ID ${SERVER}`,
    summary: "send a file of transactions, or of a wallet's transfers, into a portfolio of a running server",
    run: runImport('transactions'),
  },
  {
    name: 'import prices',
    usage: `FILE… ${SERVER} [--data DIR] [--config FILE]`,
    summary: 'put candle files (also FILE#SYMBOL) into the store of a running server, or of a directory that no server holds',
    run: runImport('prices'),
  },
  {
    name: 'import supplies',
    usage: `FILE ${SERVER}`,
    summary:
      'send circulating supplies to a running server: CSV (asset,supply or t,asset,supply; from t on), or JSON as under assets of a configuration',
    run: runImport('supplies'),
  },
  {
    name: 'import events',
    usage: `FILE ${SERVER}`,
    summary: 'send what happens to assets to a running server: redenominations, splits, new names, delistings (t,asset,kind,ratio,to)',
    run: runImport('events'),
  },
  {
    name: 'import swaps',
    usage: `FILE… [--every 60s] ${SERVER} [--data DIR]`,
    summary: 'put completed atomic swaps (SQLite files with stats_swaps, or CSV) into the store, merged by uuid',
    run: async (args, { environment }) => (await import('./importSwaps.ts')).importSwaps(args, environment),
  },
  {
    name: 'import coingecko',
    usage: '[--top N] [--days N] [--vs CURRENCY] [--key KEY] [--url URL | --data DIR] [--token TOKEN] [--config FILE] [--supplies]',
    summary: 'put hourly prices of the largest coins into the store, from CoinGecko; with --supplies also send their supplies',
    run: runImport('coingecko'),
  },
  {
    name: 'pnl',
    usage: `PORTFOLIO [--from T] [--to T] [--csv | --json] ${SERVER}`,
    summary: 'show profit and loss of a portfolio of a running server; with times also by hours',
    run: async (args, { environment }) => (await import('./pnl.ts')).pnl(args, environment),
  },
  {
    name: 'backtest',
    usage: `CONFIG [--fund ID] [--from T] [--to T] [--feed replay:FILE]… ${SERVER} [--json]`,
    summary: 'show what a fund would have done, by recordings or by what a running server has stored',
    run: async (args, { environment, columns }) => (await import('./backtest.ts')).runBacktest(args, environment, columns),
  },
  {
    name: 'allocate',
    usage: 'FILE|- [--json]',
    summary: 'share a capital among assets, {assets:[{symbol,market_cap,price}],cap,capital}',
    run: async args => print((await import('./allocate.ts')).runAllocate(args)),
  },
  {
    name: 'client hash',
    usage: '',
    summary: 'read a password from the terminal or a pipe, and print its hash for a file of clients',
    run: async args => print(await (await import('./clientHash.ts')).clientHash(args, process.stdin)),
  },
  {
    name: 'spool',
    usage: `retry ${SERVER}`,
    summary: 'have a running server send the rows that it has set aside to ClickHouse again',
    run: async (args, { environment }) => (await import('./spool.ts')).spool(args, environment),
  },
  {
    name: 'schema',
    usage: '',
    summary: 'print the JSON Schema of the configuration',
    run: async () => print(JSON.stringify(configJsonSchema(), null, 2)),
  },
]

/** Returns the help of one command. */
export const commandHelp = ({ name, usage, summary, more }: Command): string =>
  `driftwire ${name}${usage === '' ? '' : ` ${usage}`}\n\n${sentence(summary)}${more === undefined ? '' : `\n\n${more()}`}`

const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`

/** Returns the help of all commands. */
export const help = (version: string): string => {
  const lines = COMMANDS.map(({ name, usage, summary }) => `${`  driftwire ${name} ${usage}`.trimEnd()}\n      ${summary}`)
  return `driftwire ${version}: a real-time server for funds and portfolios

${lines.join('\n')}
  driftwire help [COMMAND]
      this text, or that of a command; so does COMMAND --help

${serveHelp().replace('Options;', 'Options of serve;')}`
}

/**
 * Returns the command that the words name, and the words after it; undefined if they name none. Names of two words come before those of one.
 */
export const commandOf = (words: readonly string[]): { readonly command: Command; readonly args: readonly string[] } | undefined => {
  for (const length of [2, 1]) {
    const command = COMMANDS.find(({ name }) => name === words.slice(0, length).join(' '))
    if (command) return { command, args: words.slice(length) }
  }
  return undefined
}

/** Returns the names that begin with a word, so that an error can list them; those of one group if the word is one. */
export const namesLike = (word: string | undefined): string[] => {
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${word} `)).map(({ name }) => name)
  return group.length > 0 ? group : [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]!)), 'help']
}
