import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { optionsHelp, UsageError } from '../config/options.ts'
import { configJsonSchema } from '../config/schema.ts'
import { home } from '../home.ts'
import { JournalError } from '../journal/journal.ts'
import { serve } from './serve.ts'
import { verify } from './verify.ts'

const { version } = JSON.parse(readFileSync(join(home(), 'package.json'), 'utf8')) as { version: string }

const HELP = `driftwire ${version}: a real-time server for funds and portfolios

  driftwire serve [OPTIONS]   run the server
  driftwire verify [DIR]      follow the whole journal of a data directory (./data) from entry to entry
  driftwire import transactions FILE --portfolio ID [--url URL] [--token TOKEN]
                              send a file of transactions, or of a wallet's transfers, into a portfolio of a running server
  driftwire import prices FILE… [--url URL] [--token TOKEN] [--data DIR] [--config FILE]
                              put candle files (also FILE#SYMBOL) into the store of a running server, or of a directory that none holds
  driftwire schema            print the JSON Schema of the configuration
  driftwire help              this text

Options of serve; each is also an environment variable, --wait-clients as DRIFTWIRE_WAIT_CLIENTS:

${optionsHelp()}

Feeds: sim or sim:SEED · replay:FILE · binance:BTCUSDT,ETHUSDT · coinbase:BTC-USD · kraken:BTC/USD · bybit:BTCUSDT,BTCUSDT-PERP
`

const [command, ...rest] = process.argv.slice(2)
try {
  switch (command) {
    case 'serve':
      await serve(rest, version)
      break
    case 'verify':
      console.log(verify(rest))
      break
    case 'import': {
      const { runImport } = await import('./import.ts')
      process.exitCode = await runImport(rest, process.env)
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
      throw new UsageError(`command: found "${command}", expected serve, verify, import, schema or help`)
  }
} catch (error) {
  console.error(error instanceof UsageError || error instanceof JournalError ? `driftwire: ${error.message}` : error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
