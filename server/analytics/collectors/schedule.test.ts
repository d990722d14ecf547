import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE } from '../../../streams/market/candles.ts'
import { MemorySink } from '../../test/collecting.ts'
import { VirtualEnvironment } from '../../test/virtualEnvironment.ts'
import type { Asked, CollectedFact, Collector } from './collector.ts'
import { ScheduledCollector } from './schedule.ts'

const START = Date.UTC(2026, 0, 10, 3)
const TODAY = Date.UTC(2026, 0, 10)

/** A collector that gives what a test says, and the schedule that runs it. */
const opened = (collect: (asked: Asked) => AsyncIterable<readonly CollectedFact[]>, everyMs = HOUR) => {
  const environment = new VirtualEnvironment(START, 0)
  const sink = new MemorySink()
  const stop = new AbortController()
  const lines: { level: number; msg: string; why?: string }[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const collector: Collector = { source: 'test', everyMs, figures: { requests: 3, retries: 1 }, collect }
  const scheduled = new ScheduledCollector(collector, { sink, environment, log, signal: stop.signal })
  return { environment, sink, stop, scheduled, lines }
}
const price = (period: number, value = 1): CollectedFact => ({ asset: 'BTC', metric: 'price', period, value, ref: '' })

describe('a schedule', () => {
  it('stores facts as known from the moment on at which they came, also those of the past', async () => {
    const { environment, sink, scheduled } = opened(async function* () {
      yield [price(TODAY - 5 * DAY), price(TODAY)]
    })
    expect(scheduled.figures.ageMs).toBeNaN()
    await scheduled.collect()
    expect(scheduled.figures.ageMs).toBe(0)
    expect(sink.facts.map(({ availableAt, source }) => [availableAt, source])).toEqual(Array(2).fill([environment.now(), 'test']))
  })

  it('leaves out what is of no whole period, and what is not over: it cannot be known yet', async () => {
    const { sink, scheduled } = opened(async function* () {
      yield [price(TODAY + 5), price(TODAY + DAY), { ...price(TODAY), metric: 'volume' }, price(TODAY, Number.NaN), price(TODAY)]
    })
    await scheduled.collect()
    expect(sink.facts.map(({ metric, period }) => [metric, period])).toEqual([['price', TODAY]])
    expect(scheduled.figures).toMatchObject({ facts: 1, early: 2, bad: 2 })
  })

  it('collects each time from where it was, on schedule until it is stopped', async () => {
    const asked: (number | undefined)[] = []
    const { environment, stop, scheduled } = opened(async function* ({ since, now }) {
      asked.push(since('BTC', 'price'))
      yield [price(Math.floor(now / DAY) * DAY)]
    }, DAY)
    const ended = scheduled.run()
    await environment.pass(2 * DAY)
    stop.abort()
    await ended
    expect(asked).toEqual([undefined, TODAY, TODAY + DAY])
    expect(environment.waits).toEqual([])
  })

  it('goes on after a failure, sooner than on schedule and later each time, and says so once', async () => {
    const runs: number[] = []
    let broken = true
    const { environment, stop, scheduled, lines } = opened(async function* ({ now, failed }) {
      runs.push((now - START) / MINUTE)
      if (broken) failed('BTC', new Error('429 too many'))
      else yield [price(TODAY)]
    })
    const ended = scheduled.run()
    await environment.pass(16 * MINUTE)
    expect(runs).toEqual([0, 1, 3, 7, 15])
    expect(scheduled.figures).toMatchObject({ failures: 5, failing: { BTC: '429 too many' }, state: 'waiting' })
    broken = false
    await environment.pass(HOUR)
    stop.abort()
    await ended
    expect(lines.map(({ level, msg, why }) => [level, msg, why])).toEqual([
      [40, 'a source of metrics fails; retrying', '429 too many'],
      [30, 'a source of metrics answers again', undefined],
    ])
    expect(scheduled.figures).toMatchObject({ failing: { BTC: undefined }, runs: 6 })
  })

  it('is stale if nothing was complete in the time of three collections, from its start on', async () => {
    let broken = true
    const { environment, stop, scheduled } = opened(async function* ({ failed }) {
      if (broken) failed('BTC', new Error('away'))
      yield []
    })
    const ended = scheduled.run()
    await environment.pass(3 * HOUR)
    expect(scheduled.stale).toBe(false)
    await environment.pass(MINUTE)
    expect([scheduled.stale, scheduled.figures.stale]).toEqual([true, true])
    broken = false
    await environment.pass(HOUR)
    expect(scheduled.stale).toBe(false)
    stop.abort()
    await ended
  })

  it('keeps what came before a collector failed, and names what could not be stored', async () => {
    const { sink, scheduled } = opened(async function* () {
      yield [price(TODAY - DAY)]
      yield [price(TODAY)]
      throw new Error('the node is gone')
    })
    await scheduled.collect()
    expect([sink.facts.length, scheduled.figures.failing]).toEqual([2, { '*': 'the node is gone' }])
    sink.broken = new Error('no disk')
    await scheduled.collect()
    expect(scheduled.figures).toMatchObject({ facts: 2, failing: { '*': 'no disk' } })
  })
})
