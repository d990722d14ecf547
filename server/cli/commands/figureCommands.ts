import { type Command, command } from '../command.ts'
import { CSV, DATA, JSON_FORM, SERVER, TIMES } from '../options.ts'

/** Commands that show figures of a running server. */
export const FIGURE_COMMANDS: readonly Command[] = [
  command({
    name: 'watch',
    group: 'Figures',
    summary: 'follow channels: a live table on a terminal, a line for each state elsewhere',
    takes: [{ name: 'CHANNEL', help: 'such as fund:TOP10, tick:BTC-USD or pnl:*', many: true, complete: 'channels' }],
    options: {
      json: { kind: 'flag', help: 'print {ch,seq,t,stale,state}, a state a line' },
      rate: { kind: 'text', value: 'N', help: 'states a second and channel, at most (5)' },
      count: { kind: 'text', value: 'N', help: 'end after N states' },
      ...SERVER,
    },
    more: `Keys: ↑ ↓ or j k scroll, space and page keys by pages, q quits.
What is stale is dim and says so; a lost line is shown until it is back.`,
    run: async ({ words, options }, { environment }) => (await import('../watch.ts')).watch(words, options, environment),
  }),
  command({
    name: 'channels',
    group: 'Figures',
    summary: 'list the channels that can be had',
    takes: [{ name: 'LIKE', help: 'those of this form only, such as "fund:*"', optional: true }],
    options: { json: JSON_FORM, ...SERVER },
    run: async ({ words, options }, { environment }) => (await import('../channels.ts')).channels(words[0], options, environment),
  }),
  command({
    name: 'history',
    group: 'Figures',
    summary: 'show what is stored of a channel, oldest first',
    takes: [{ name: 'CHANNEL', help: 'such as fund:TOP10 or candle:1h:BTC-USD', complete: 'pastChannels' }],
    options: {
      ...TIMES,
      step: { kind: 'text', value: 'TIME', help: 'one row for each so much time: ms, or 30s, 5m, 1h, 1d' },
      agg: {
        kind: 'text',
        value: 'KIND',
        help: 'the row of a step: last, first, min, max or avg (last)',
        choices: ['last', 'first', 'min', 'max', 'avg'],
      },
      fields: { kind: 'text', value: 'NAMES', help: 'which figures, such as nav,inav.mid' },
      limit: { kind: 'text', value: 'N', help: 'rows at most (1000 in a table, else all)' },
      csv: CSV,
      json: { kind: 'flag', help: 'print JSON, a row a line' },
      ...SERVER,
    },
    run: async ({ words, options }, context) => (await import('../history.ts')).history(words[0]!, options, context),
  }),
  command({
    name: 'alerts',
    group: 'Figures',
    summary: 'show what rules have found, newest first',
    takes: [],
    options: {
      ...TIMES,
      state: { kind: 'text', value: 'STATE', help: 'only these: open or cleared', choices: ['open', 'cleared'] },
      rule: { kind: 'text', value: 'ID', help: 'only those of this rule' },
      channel: { kind: 'text', value: 'CHANNEL', help: 'only those about this channel', complete: 'channels' },
      limit: { kind: 'text', value: 'N', help: 'alerts at most (50)' },
      json: { kind: 'flag', help: 'print JSON, an alert a line' },
      ...SERVER,
    },
    run: async ({ options }, context) => (await import('../alerts.ts')).alerts(options, context),
  }),
  command({
    name: 'explain',
    group: 'Figures',
    summary: 'show what a figure comes from: its formula and inputs, down to the ticks',
    takes: [
      { name: 'CHANNEL', help: 'such as fund:TOP10', complete: 'channels' },
      { name: 'FIELD', help: 'a figure of its state, such as nav or weights.BTC' },
    ],
    options: { json: JSON_FORM, ...SERVER },
    run: async ({ words, options }, context) => (await import('../explain.ts')).explain(words, options, context),
  }),
  command({
    name: 'score',
    group: 'Figures',
    summary: 'show how assets are scored: who may do better than others, how sure that is, and why',
    takes: [{ name: 'ASSET', help: 'one asset with its reasons, such as BTC; all, the best first, if left out', optional: true }],
    options: {
      'as-of': { kind: 'text', value: 'TIME', help: 'as it was said then, such as 2024-06-01' },
      horizon: { kind: 'text', value: 'MONTHS', help: 'how far the scores look ahead, such as 3m (1m)' },
      recompute: { kind: 'flag', help: 'compute it again from what was known then, and say whether it is the same; for the admin' },
      json: JSON_FORM,
      ...SERVER,
    },
    run: async ({ words, options }, context) => (await import('../score.ts')).score(words[0], options, context),
  }),
  command({
    name: 'models',
    group: 'Figures',
    summary: 'list the models, what they are used for and what they were worth out of sample',
    takes: [{ name: 'VERSION', help: 'the card of one, by the beginning of its version', optional: true }],
    options: { json: JSON_FORM, ...SERVER },
    run: async ({ words, options }, context) => (await import('../models.ts')).models(words[0], options, context),
  }),
  command({
    name: 'pnl',
    group: 'Figures',
    summary: 'show profit and loss of a portfolio of a running server; with times also by hours',
    takes: [{ name: 'PORTFOLIO', help: 'its id', complete: 'portfolios' }],
    options: { ...TIMES, csv: CSV, json: JSON_FORM, ...SERVER },
    run: async ({ words, options }, { environment, columns }) => (await import('../pnl.ts')).pnl(words[0]!, options, environment, columns),
  }),
  command({
    name: 'sql',
    group: 'Figures',
    summary: 'ask the store in SQL, while the server runs; for operators',
    takes: [{ name: 'STATEMENT', help: 'one SELECT; - reads it from the standard input' }],
    options: { csv: CSV, json: { kind: 'flag', help: 'print JSON {columns, rows}' }, ...SERVER, data: DATA },
    more: `It can only read the tables of this server: at most 10 s, 100,000 rows and
two statements at a time. SHOW TABLES lists them, DESCRIBE ticks says what is in
one. ClickHouse's language: https://clickhouse.com/docs/sql-reference`,
    run: async ({ words, options }, context) => (await import('../sql.ts')).sql(words[0]!, options, context),
  }),
  command({
    name: 'contract',
    group: 'Figures',
    summary: 'show what the code of a contract says: proxies, instructions, ERC-20, privileges',
    takes: [{ name: 'ADDRESS', help: '0x and 40 hexadecimal digits' }],
    options: {
      chain: { kind: 'text', value: 'NAME', help: 'a chain of the configuration (ethereum)' },
      node: { kind: 'text', value: 'URL', help: 'ask this node, instead of a server' },
      json: JSON_FORM,
      ...SERVER,
    },
    more: `Nothing that it shows means that a contract is safe: what is not known by
name is not found.`,
    run: async ({ words, options }, context) => (await import('../contract.ts')).contract(words[0]!, options, context),
  }),
]
