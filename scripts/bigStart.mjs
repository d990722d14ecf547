/**
 * Fills a data directory with ticks, starts the server on it, and prints how long it takes until every symbol shows its true `day`, as ClickHouse
 * sums it of the ticks themselves. Exit code 1: some figure is another, or it took longer than five seconds.
 *
 * `node scripts/bigStart.mjs [TICKS] [DIRECTORY]`: 100 million ticks of 20 symbols over the last 30 days, in a directory that is removed
 * afterwards. One that is named stays, and is filled only if it is not there. 100 million take some 8 GB and minutes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { connect } from '../dist/clients/driftwire-client/src/index.js'
import { openEngine } from '../dist/server/storage/engine/engine.js'

const PROGRAM = fileURLToPath(new URL('../server/cli/driftwire.cjs', import.meta.url))
const TICKS = Number((process.argv[2] ?? '100000000').replaceAll('_', ''))
const SYMBOLS = Array.from({ length: 20 }, (_, i) => `A${i}-USD`)
const DAYS = 30
const MINUTE = 60_000
/** Ticks of one insert. */
const PIECE = 2_000_000
const LIMIT_MS = 5_000

const named = process.argv[3]
const data = named ?? join(mkdtempSync(join(tmpdir(), 'driftwire-big-')), 'data')
const log = pino({ level: 'warn' }, pino.destination(2))
const seconds = ms => `${(ms / 1000).toFixed(1)} s`
const openStore = () => openEngine({ source: { dataDir: join(data, 'clickhouse') }, log })

/** Inserts ticks as a feed would have brought them, evenly over the days up to now, so that all views take them in. */
const fill = async () => {
  const { client, database, close } = await openStore()
  const [begin, step] = [Date.now() - DAYS * 1440 * MINUTE, (DAYS * 1440 * MINUTE) / TICKS]
  const began = performance.now()
  for (let from = 0; from < TICKS; from += PIECE) {
    const n = Math.min(PIECE, TICKS - from)
    await client.command({
      query: `INSERT INTO ${database}.ticks (symbol, src, t, id, price, size, side, span, open, high, low, frame, row)
        SELECT
          concat('A', toString(n % ${SYMBOLS.length}), '-USD'), 'big', fromUnixTimestamp64Milli(toInt64(${begin} + n * ${step}), 'UTC') AS at,
          toString(n), 100 + (n % ${SYMBOLS.length}) + sin(n / 1e6) * 10 + (n % 97) / 100 AS p, (n % 1009 + 1) / 1000,
          if(n % 2 = 0, 'buy', 'sell'), 0, p, p, p,
          fromUnixTimestamp64Milli(toInt64(ceil((${begin} + n * ${step}) / 20) * 20), 'UTC'), toUInt32(n % 1000)
        FROM (SELECT number + ${from} AS n FROM numbers(${n}))`,
    })
    if ((from / PIECE) % 5 === 4) console.log(`${from + n} ticks, ${seconds(performance.now() - began)}`)
  }
  console.log(`filled ${TICKS} ticks in ${seconds(performance.now() - began)}`)
  await close()
}

/** Returns by symbol what was traded in the day of minutes that ends with the minute of `t` (ms), summed of the ticks. */
const summed = async times => {
  const { client, database, close } = await openStore()
  const days = new Map()
  for (const [symbol, t] of times) {
    const from = Math.floor(t / MINUTE) * MINUTE - 1439 * MINUTE
    const answer = await client.query({
      query: `SELECT toUInt32(count()) AS n, sum(size) AS volume, sum(size * price) AS notional, max(price) AS high, min(price) AS low, argMin(price, (t, frame, row)) AS open
        FROM ${database}.ticks WHERE symbol = {symbol:String} AND t >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')`,
      query_params: { symbol, from },
      format: 'JSONEachRow',
    })
    days.set(symbol, (await answer.json())[0])
  }
  await close()
  return days
}

const near = (a, b) => Math.abs(a / b - 1) < 1e-9

/** Resolves with the first state of a channel that has a day with trades: its event time (ms) and that day. */
const firstDay = async channel => {
  for await (const { state, t } of channel) if (state.day?.n > 0) return { t, day: structuredClone(state.day) }
}

/** Resolves with the address of the websocket that a server prints. */
const printed = (child, ended) =>
  new Promise((resolve, reject) => {
    let said = ''
    child.stdout.on('data', piece => {
      said += piece
      const [, address] = /ws:\/\/([^/\s]+)/.exec(said) ?? []
      if (address && /^ +data .*\n/m.test(said)) resolve(`ws://${address}/ws`)
    })
    void ended.then(([code]) => reject(new Error(`the server ended with ${code}`)))
  })

/** Starts the server. Resolves with the states of all symbols with their event times, and how long it took to have all of them, ms. */
const started = async () => {
  const config = join(data, '..', 'big.json')
  // Symbols that are named can be followed before their rows are known.
  writeFileSync(
    config,
    JSON.stringify({ symbols: Object.fromEntries(SYMBOLS.map(symbol => [symbol.replace('-', ''), symbol])), feeds: [] }),
  )
  const began = performance.now()
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', '--log-level', 'warn', '--config', config, '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  try {
    const url = await printed(child, ended)
    const open = performance.now() - began
    const wire = connect(url)
    const days = await Promise.all(SYMBOLS.map(async symbol => [symbol, await firstDay(wire.channel(`tick:${symbol}`))]))
    const took = performance.now() - began
    wire.close()
    return { states: new Map(days), open, took }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

try {
  if (existsSync(join(data, 'clickhouse'))) console.log(`${data} is there: it is not filled again`)
  else await fill()
  const { states, open, took } = await started()
  console.log(`sockets open after ${seconds(open)}, all ${SYMBOLS.length} symbols with their day after ${seconds(took)}`)
  const days = await summed([...states].map(([symbol, { t }]) => [symbol, t]))
  let wrong = 0
  for (const [symbol, { day }] of states) {
    const truth = days.get(symbol)
    const agrees = ['n', 'volume', 'notional', 'high', 'low', 'open'].every(name => near(day[name], truth[name])) && day.since === undefined
    if (!agrees) console.log(`${symbol}: found ${JSON.stringify(day)}, expected ${JSON.stringify(truth)}`)
    if (!agrees) wrong += 1
  }
  console.log(wrong === 0 ? 'every day is that which the ticks give' : `${wrong} days are WRONG`)
  process.exitCode = wrong === 0 && took <= LIMIT_MS ? 0 : 1
} finally {
  if (named === undefined) rmSync(join(data, '..'), { recursive: true, force: true })
}
