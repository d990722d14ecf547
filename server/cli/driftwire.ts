import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { optionsHelp, UsageError } from '../config/options.ts'
import { configJsonSchema } from '../config/schema.ts'
import { LIVE_FEEDS } from '../feeds/venues/index.ts'
import { JournalError } from '../journal/journalError.ts'
import { packageRoot } from '../lib/packageRoot.ts'

const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }

const HELP = `driftwire ${version}: a real-time server for funds and portfolios

  driftwire serve [OPTIONS]   run the server
  driftwire verify [DIR]      check the whole journal of a data directory (./data), entry by entry
  driftwire import transactions FILE --portfolio ID [--url URL] [--token TOKEN]
                              send a file of transactions, or of a wallet's transfers, to a portfolio of a running server
  driftwire import prices FILE… [--url URL] [--token TOKEN] [--data DIR] [--config FILE]
                              put candle files (also FILE#SYMBOL) into the store of a running server, or of a directory that no server uses
  driftwire allocate FILE|-   divide a capital among assets, {assets:[{symbol,market_cap,price}],cap,capital}; --json for JSON
  driftwire backtest CONFIG [--fund ID] [--from T] [--to T] [--feed replay:FILE]… [--url URL] [--token TOKEN] [--json]
                              show what a fund would have done, by recordings or by the prices that a running server has stored
  driftwire import swaps FILE… [--every 60s] [--url URL] [--token TOKEN] [--data DIR]
                              put completed atomic swaps (SQLite files with stats_swaps, or CSV) into the store, merged by uuid
  driftwire import supplies FILE [--url URL] [--token TOKEN]
                              send circulating supplies to a running server: CSV (asset,supply or also t) or JSON as under assets of a configuration
  driftwire import coingecko [--top N] [--days N] [--vs CURRENCY] [--key KEY] [--url URL | --data DIR] [--token TOKEN] [--config FILE] [--supplies]
                              put CoinGecko's hourly prices of the largest coins there, and their supplies into the server
  driftwire pnl PORTFOLIO [--from T] [--to T] [--csv | --json] [--url URL] [--token TOKEN]
                              show profit and loss of a portfolio of a running server, with times also by hours
  driftwire spool retry [--url URL] [--token TOKEN]
                              have a running server send the rows that it has set aside to ClickHouse again
  driftwire schema            print the JSON Schema of the configuration
  driftwire help              this text

Options of serve; each is also an environment variable, --wait-clients as DRIFTWIRE_WAIT_CLIENTS:

${optionsHelp()}

Feeds: sim or sim:SEED · replay:FILE · ${LIVE_FEEDS.join(' · ')}
       evm:wss://… or evm:https://…, from a block on with #from=BLOCK: the configured pools' events, from a node of their chain
       ccxt: and http: are not available in this version
`

const [command, ...rest] = process.argv.slice(2)
try {
  switch (command) {
    case 'serve': {
      const { serve } = await import('./serve.ts')
      await serve(rest, version)
      break
    }
    case 'verify': {
      const { verify } = await import('./verify.ts')
      console.log(verify(rest))
      break
    }
    case 'import': {
      if (rest[0] === 'swaps') {
        const { importSwaps } = await import('./importSwaps.ts')
        process.exitCode = await importSwaps(rest.slice(1), process.env)
        break
      }
      const { runImport } = await import('./import.ts')
      process.exitCode = await runImport(rest, process.env)
      break
    }
    case 'allocate': {
      const { runAllocate } = await import('./allocate.ts')
      console.log(runAllocate(rest))
      break
    }
    case 'backtest': {
      const { runBacktest } = await import('./backtest.ts')
      process.exitCode = await runBacktest(rest, process.env, process.stdout.columns ?? 80)
      break
    }
    case 'pnl': {
      const { pnl } = await import('./pnl.ts')
      process.exitCode = await pnl(rest, process.env)
      break
    }
    case 'spool': {
      const { spool } = await import('./spool.ts')
      process.exitCode = await spool(rest, process.env)
      break
    }
    case 'schema':
      console.log(JSON.stringify(configJsonSchema(), null, 2))
      break
    case 'help':
    case '--help':
    case undefined:
      console.log(HELP)
      break
    case '--version':
      console.log(version)
      break
    default:
      throw new UsageError(`command: found "${command}", expected serve, verify, import, allocate, backtest, pnl, spool, schema or help`)
  }
} catch (error) {
  console.error(error instanceof UsageError || error instanceof JournalError ? `driftwire: ${error.message}` : error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
