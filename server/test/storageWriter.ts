import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { Interner } from '../../streams/lib/interner.ts'
import { openEngine } from '../storage/engine/engine.ts'
import { openSink } from '../storage/write/sink.ts'
import { ticksOf } from './storageRows.ts'
import { frameTime, measuresAt, ticksAt } from './storageStream.ts'

/**
 * Writes the frames `from` to `to` of the stream into the directory, as a server does, and tells its parent which frames are
 * written and which are stored. It is there to be killed.
 */
const [dir = '', from = '1', to = '1'] = process.argv.slice(2)
const log = pino({ level: 'silent' })
const symbols = new Interner()
const sources = new Interner()
const engine = openEngine({ source: { dataDir: join(dir, 'engine') }, log })
const sink = await openSink({ spoolDir: join(dir, 'spool'), engine, symbols, sources, log })
process.send?.({ begun: true })

let asked = false
const acknowledge = (k: number): void => {
  if (asked) return
  asked = true
  sink.until(frameTime(k)).then(
    () => {
      asked = false
      process.send?.({ stored: k })
    },
    () => {},
  )
}

for (let k = Number(from); k <= Number(to); k++) {
  sink.write({ t: frameTime(k), ticks: [ticksOf(ticksAt(k), symbols, sources)], measures: measuresAt(k) })
  if (k % 4 === 0) await delay(1)
  if (k % 100 === 0) {
    acknowledge(k)
    process.send?.({ written: k })
  }
}
await sink.until(Number.POSITIVE_INFINITY)
await sink.close(1000)
await (await engine).close()
process.send?.({ stored: Number(to) }, () => process.exit(0))
