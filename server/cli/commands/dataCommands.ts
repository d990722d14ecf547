import { type Command, command } from '../command.ts'
import { CONFIG, DATA, SERVER } from '../options.ts'

/** Commands that put data into a running server, or into the store of a directory. */
export const DATA_COMMANDS: readonly Command[] = [
  command({
    name: 'import transactions',
    group: 'Data',
    summary: "send a file of transactions, or of a wallet's transfers, into a portfolio of a running server",
    takes: [{ name: 'FILE', help: "CSV of this server's columns, or an export of an exchange", complete: 'files' }],
    options: {
      portfolio: { kind: 'text', value: 'ID', help: 'the portfolio; required', complete: 'portfolios' },
      quote: { kind: 'text', value: 'CURRENCY', help: 'what the portfolio counts in, if the server does not say' },
      ...SERVER,
    },
    run: async ({ words, options }, { environment }) => (await import('../import.ts')).transactions(words[0]!, options, environment),
  }),
  command({
    name: 'import prices',
    group: 'Data',
    summary: 'put candles into the store of a running server, or of a directory that no server holds',
    takes: [{ name: 'FILE', help: 'candles as CSV; also FILE#SYMBOL', many: true, complete: 'files' }],
    options: {
      ...SERVER,
      data: DATA,
      config: CONFIG,
      quote: { kind: 'text', value: 'CURRENCY', help: 'the name of an asset alone, such as BTC, is its price in this' },
    },
    run: async ({ words, options }, { environment }) => (await import('../import.ts')).prices(words, options, environment),
  }),
  command({
    name: 'import supplies',
    group: 'Data',
    summary: 'send circulating supplies to a running server',
    takes: [{ name: 'FILE', help: 'CSV asset,supply or t,asset,supply; or JSON as under assets of a configuration', complete: 'files' }],
    options: SERVER,
    run: async ({ words, options }, { environment }) => (await import('../import.ts')).supplies(words[0]!, options, environment),
  }),
  command({
    name: 'import events',
    group: 'Data',
    summary: 'send what happens to assets to a running server: redenominations, splits, new names, delistings',
    takes: [{ name: 'FILE', help: 'CSV t,asset,kind,ratio,to', complete: 'files' }],
    options: SERVER,
    run: async ({ words, options }, { environment }) => (await import('../import.ts')).events(words[0]!, options, environment),
  }),
  command({
    name: 'import snapshots',
    group: 'Data',
    summary: 'send lists of the largest assets of former days to a running server, for models and scores',
    takes: [{ name: 'FILE', help: 'CSV of snapshots, as train takes it', many: true, complete: 'files' }],
    options: { 'dry-run': { kind: 'flag', help: 'read the file, and send nothing' }, ...SERVER },
    run: async ({ words, options }, { environment }) =>
      (await import('../importSnapshots.ts')).importSnapshots(words, options, environment),
  }),
  command({
    name: 'import swaps',
    group: 'Data',
    summary: 'put completed atomic swaps into the store, merged by uuid',
    takes: [{ name: 'FILE', help: 'SQLite with stats_swaps, or CSV', many: true, complete: 'files' }],
    options: { every: { kind: 'text', value: 'TIME', help: 'look again this often, such as 60s' }, ...SERVER, data: DATA },
    run: async ({ words, options }, { environment }) => (await import('../importSwaps.ts')).importSwaps(words, options, environment),
  }),
  command({
    name: 'import metrics',
    group: 'Data',
    summary: 'put metrics of assets into the store of a running server, or of a directory that no server holds',
    takes: [
      { name: 'FILE', help: 'CSV asset,metric,period,value and perhaps available_at,source,ref; or NDJSON', many: true, complete: 'files' },
    ],
    options: { 'dry-run': { kind: 'flag', help: 'read the file and store nothing' }, ...SERVER, data: DATA },
    run: async ({ words, options }, { environment }) => (await import('../importMetrics.ts')).importMetrics(words, options, environment),
  }),
  command({
    name: 'import coingecko',
    group: 'Data',
    summary: 'put hourly prices of the largest coins into the store, from CoinGecko',
    options: {
      top: { kind: 'text', value: 'N', help: 'how many coins (10)' },
      days: { kind: 'text', value: 'N', help: 'how many days back (7)' },
      vs: { kind: 'text', value: 'CURRENCY', help: 'in which currency (usd)' },
      key: {
        kind: 'text',
        value: 'KEY',
        help: 'KEY of the free plan or pro:KEY; better as COINGECKO_DEMO_API_KEY or COINGECKO_PRO_API_KEY',
      },
      ...SERVER,
      data: { ...DATA, conflicts: 'url' },
      config: CONFIG,
      supplies: { kind: 'flag', help: 'also send their circulating supplies', conflicts: 'data' },
    },
    run: async ({ options }, { environment }) => (await import('../importCoingecko.ts')).importCoingecko(options, environment),
  }),
]
