import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { haveReports, reportFile, reportsFolder } from './reports.ts'

/** Of each case: its kind, the file of its test, and the names of the tests that assert what is right. */
const TESTS: Readonly<Record<string, readonly [kind: string, file: string, ...names: string[]]>> = {
  'r01-kraken-acked-then-only-pongs': [
    'stalled-subscription',
    'server/test/feedSilence.test.ts',
    'is stale until data come again, and is opened again',
  ],
  'r02-logs-block-timestamp-in-ms': [
    'time-unit',
    'server/test/processGap.test.ts',
    'of blocks in ms are read as ms, and without a zone as UTC wherever the machine stands',
  ],
  'r02-one-row-in-2100': [
    'time-unit',
    'server/test/processGap.test.ts',
    'ahead of now are left out, and the server answers throughout',
    'costs none of a file of which all but one row are seven years later',
  ],
  'r02-trades-ms-then-us': [
    'time-unit',
    'server/test/processGap.test.ts',
    'of trades that go over from ms to µs are read as what they are',
  ],
  'r03-binance-bids-vanish': [
    'one-sided-book',
    'server/test/feedQuotes.test.ts',
    'a side of a quote that vanishes at the venue vanishes here',
    'and with it the bid of a fund that holds the asset',
  ],
  'r03-bybit-book-loses-bids': [
    'one-sided-book',
    'server/test/feedQuotes.test.ts',
    'a side of a quote that vanishes at the venue vanishes here',
  ],
  'r03-bybit-linear-ticker-empty-text': [
    'one-sided-book',
    'server/test/feedQuotes.test.ts',
    'a side of a quote that vanishes at the venue vanishes here',
  ],
  'r03-kraken-ticker-no-bid': [
    'one-sided-book',
    'server/test/feedQuotes.test.ts',
    'a side of a quote that vanishes at the venue vanishes here',
  ],
  'r04-newest-first-export': [
    'same-second-order',
    'server/test/portfolioFiles.test.ts',
    'with its newest row first is read backwards within a second, by whatever way it comes',
  ],
  'r04-sell-and-rebuy-average': [
    'same-second-order',
    'server/test/portfolioFiles.test.ts',
    'keeps the order of its rows within a second, sold before bought again',
  ],
  'r05-carriage-returns-only': ['misread-csv', 'server/test/portfolioFiles.test.ts', 'is read with carriage returns alone'],
  'r05-cut-off-last-line': ['misread-csv', 'server/test/portfolioFiles.test.ts', 'loses the line in which it was cut off, and says so'],
  'r05-thousands-comma-unquoted': [
    'misread-csv',
    'server/test/portfolioFiles.test.ts',
    'is not read where a number is parted by the commas of the file, even if the fields are as many as the columns',
  ],
  'r06-candles-us-by-http': [
    'time-unit',
    'server/gateway/api/candleImport.test.ts',
    'a candle whose time is ahead of now is refused by row, and every row is accounted for',
  ],
  'r06-transactions-us': ['time-unit', 'server/test/portfolioFiles.test.ts', 'has times in µs beside such in ms'],
  'r07-binance-ids-jump-over-reconnect': [
    'loss-over-a-reconnect',
    'server/test/feedMissing.test.ts',
    'trade numbers that jump over a lost connection are a gap',
    'stay missing as far as the venue does not give them, or gives others in their place',
  ],
  'r08-bybit-one-refused-topic': [
    'refused-subscription',
    'server/test/feedSubscriptions.test.ts',
    'bybit, which refuses a whole request and %s',
    'sends what was asked for beside it',
  ],
  'r09-coinbase-btc-usdc': [
    'alias',
    'server/test/feedSubscriptions.test.ts',
    'is matched to what was asked for, and nobody gets what nobody asked for',
  ],
  'r10-one-word-symbols': [
    'symbol-split',
    'server/test/feedSymbols.test.ts',
    'symbols written in one word are split before the longest known asset',
  ],
  'r11-clickhouse-unknown-table-while-it-starts': [
    'rows-set-aside',
    'server/test/storageLater.test.ts',
    'is asked again: all rows are stored, none is set aside, and the command that retries finds nothing to do',
  ],
  'r12-logs-by-hash-empty-once': ['node-behind', 'server/test/evm.test.ts', 'is asked again, by the bloom of the block'],
  'r13-order-id-in-two-exports': [
    'same-id-other-contents',
    'server/test/portfolioFiles.test.ts',
    'with an id that another file had, and other contents, has that row refused and said, each time',
  ],
  'r14-zero-size-trade': [
    'zero-size',
    'server/test/feedQuotes.test.ts',
    'trades of size zero are rejected as size, and no candle takes them in',
  ],
  'r15-log-times-without-zone': [
    'zone',
    'server/test/processGap.test.ts',
    'of blocks in ms are read as ms, and without a zone as UTC wherever the machine stands',
  ],
  'r16-maker-rebate': ['negative-fee', 'server/test/portfolioFiles.test.ts', 'may say that a fee was paid out, as a maker gets it'],
  'r17-qty-1e-05-and-0E-8': [
    'number-form',
    'server/test/portfolioFiles.test.ts',
    'has numbers with exponents, without a digit before the point, and zeros of any form',
  ],
  'r17-small-numbers-with-exponent': [
    'number-form',
    'server/test/portfolioFiles.test.ts',
    'has numbers with exponents, without a digit before the point, and zeros of any form',
  ],
  'r18-delisted-member': [
    'dead-symbol',
    'server/test/assetEvents.test.ts',
    'makes the fund stale and asks for another composition; nothing is proposed or traded at its last price, whose time is shown',
  ],
  'r19-reverse-split': [
    'redenomination',
    'server/test/assetEvents.test.ts',
    'neither net asset value, level and profit jump, nor do the day and candles mix two scales; a start shows the same',
  ],
  'r20-pancake-v3-swap': ['fork-event', 'streams/pools/forks.test.ts', 'a real one of PancakeSwap v3 gives price and volume'],
  'r21-non-ascii-symbol': [
    'non-ascii',
    'server/test/feedSymbols.test.ts',
    'a name in another script is asked for and understood as the configuration maps it',
  ],
  'r22-etherscan-logs': [
    'log-form',
    'server/feeds/replay/replay.test.ts',
    'reads the names and the zero of Etherscan: times, and "0x" as an index',
  ],
  'r22-log-index-within-transaction': [
    'log-form',
    'server/feeds/replay/replay.test.ts',
    'tells logs apart whose index counts through their transaction',
  ],
}

describe.skipIf(!haveReports)('a case made of a report of users (skipped if they are not beside the project)', () => {
  it('has a test of its kind, each of them', () => {
    const folders = readdirSync(reportsFolder, { withFileTypes: true }).filter(entry => entry.isDirectory())
    expect(Object.keys(TESTS).sort()).toEqual(folders.map(({ name }) => name).sort())
  })

  it.each(Object.entries(TESTS))('%s has one', (id, [kind, file, ...names]) => {
    expect(JSON.parse(readFileSync(reportFile(id, 'case.json'), 'utf8'))).toMatchObject({ id, kind })
    const source = readFileSync(join(packageRoot(), file), 'utf8')
    for (const name of names) expect(source).toContain(name)
  })
})
