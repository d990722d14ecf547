import { type Command, command } from '../command.ts'
import { JSON_FORM, SERVER, TIMES } from '../options.ts'

/** Commands that compute something from files. */
export const CALCULATION_COMMANDS: readonly Command[] = [
  command({
    name: 'backtest',
    group: 'Calculations',
    summary: 'show what a fund would have done, by recordings or by what a running server has stored',
    takes: [{ name: 'CONFIG', help: 'configuration with the fund', complete: 'files' }],
    options: {
      fund: { kind: 'text', value: 'ID', help: 'which of its funds, if it has several' },
      ...TIMES,
      feed: { kind: 'list', value: 'SPEC', help: 'prices from replay:FILE instead of a server; repeatable' },
      json: JSON_FORM,
      ...SERVER,
    },
    run: async ({ words, options }, { environment, columns }) =>
      (await import('../backtest.ts')).runBacktest(words[0]!, options, environment, columns),
  }),
  command({
    name: 'allocate',
    group: 'Calculations',
    summary: 'share a capital among assets by market cap, none above a cap',
    takes: [{ name: 'FILE', help: 'JSON {assets:[{symbol,market_cap,price}],cap,capital}; - for the standard input', complete: 'files' }],
    options: { json: JSON_FORM },
    run: async ({ words, options }) => {
      console.log((await import('../allocate.ts')).runAllocate(words[0]!, options.json === true))
      return undefined
    },
  }),
  command({
    name: 'train',
    group: 'Calculations',
    summary: 'train models on monthly snapshots, and show what they are worth',
    takes: [
      {
        name: 'FILE',
        help: 'CSV of snapshots: snapshot_date, symbol, name, market_cap_usd, price_usd, …',
        many: true,
        optional: true,
        complete: 'files',
      },
    ],
    options: {
      horizon: { kind: 'text', value: 'MONTHS', help: 'how far the scores look ahead, such as 3m (1m)' },
      seed: { kind: 'text', value: 'N', help: 'the same seed and data give the same models (1)' },
      data: { kind: 'list', value: 'FILE', help: 'another such file; repeatable', complete: 'files' },
      models: { kind: 'text', value: 'DIR', help: 'where the models are kept (models)', complete: 'files' },
      json: JSON_FORM,
    },
    run: async ({ words, options }, { columns }) => (await import('../train.ts')).runTrain(words, options, columns),
  }),
]
