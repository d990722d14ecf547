// Computes something from the stream: how much a fund moves, as a volatility a year, from its values of the last minute.
//
//   node volatility.mjs [FUND] [ws://127.0.0.1:8080/ws]
import { connect } from 'driftwire-client'
import { filter, map, pairwise, scan } from 'rxjs'

const [fund = 'TOP10', url = 'ws://127.0.0.1:8080/ws'] = process.argv.slice(2)
const YEAR_MS = 365 * 24 * 3_600_000
const LENGTH = 60

const wire = connect(url)
wire
  .channel(`fund:${fund}`, { maxRate: 1 })
  .pipe(
    // Unknown is not zero, and what is stale is not of now.
    filter(({ state, stale }) => !stale && state.nav !== undefined),
    pairwise(),
    filter(([before, now]) => now.t > before.t),
    // The variance of each ms between two values.
    map(([before, now]) => Math.log(now.state.nav / before.state.nav) ** 2 / (now.t - before.t)),
    scan((last, variance) => [...last.slice(1 - LENGTH), variance], []),
  )
  .subscribe({
    next(last) {
      const mean = last.reduce((sum, variance) => sum + variance) / last.length
      console.log(`${fund} ${(Math.sqrt(mean * YEAR_MS) * 100).toFixed(2)} % a year, by ${last.length} values`)
    },
    error({ message }) {
      console.error(message)
      wire.close()
    },
  })
