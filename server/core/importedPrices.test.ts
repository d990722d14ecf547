import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { MarketPast } from '../../streams/market/marketPast.ts'
import { deferred } from '../lib/deferred.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { ImportedPrices } from './importedPrices.ts'

const NOTHING: MarketPast = { instruments: [] }

/** A reader whose readings are as `read` says, by their number, and which waits for each to be put in. */
const reader = (read: (n: number) => void | Promise<void>) => {
  const asked: string[][] = []
  let put = deferred<void>()
  const known = deferred<void>()
  const stop = new AbortController()
  const imported = new ImportedPrices({
    engine: Promise.resolve({} as Engine),
    async read(_, symbols) {
      asked.push([...symbols])
      await read(asked.length)
      return NOTHING
    },
    restored: () => known.promise,
    inputQueue: {
      put(input) {
        expect(input).toEqual({ kind: 'imported', market: NOTHING })
        put.resolve()
        put = deferred()
      },
    },
    signal: stop.signal,
    log: pino({ level: 'silent' }),
  })
  return { imported, asked, known, stop, next: () => put.promise }
}

it('imports that come together are read together, once the past is known, and what comes while they are read is read behind them', async () => {
  const { imported, asked, known, next } = reader(n => {
    if (n === 1) imported.stored('C-USD')
  })
  for (const symbol of ['A-USD', 'B-USD', 'A-USD']) imported.stored(symbol)
  expect(asked).toEqual([])
  known.resolve()
  await next()
  await next()
  expect(asked).toEqual([['A-USD', 'B-USD'], ['C-USD']])
  imported.stored('A-USD')
  await next()
  expect(asked.slice(2)).toEqual([['A-USD']])
})

it('a reading that fails is done again, with what has come since', async () => {
  const { imported, asked, known, next } = reader(n => {
    if (n > 1) return
    imported.stored('B-USD')
    throw new Error('the engine is busy')
  })
  known.resolve()
  imported.stored('A-USD')
  await next()
  expect(asked.map(symbols => [...symbols].sort())).toEqual([['A-USD'], ['A-USD', 'B-USD']])
})

it('nothing is read any more when the server stops', async () => {
  const { imported, asked, known, stop } = reader(() => {})
  known.resolve()
  imported.stored('A-USD')
  stop.abort()
  // A stop ends the wait for more imports at once.
  await setImmediate()
  await setImmediate()
  expect(asked).toEqual([])
})
