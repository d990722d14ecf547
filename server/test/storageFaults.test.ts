import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openEngine } from '../storage/engine/engine.ts'
import type { Fault } from './clickhouseServer.ts'
import { Bench, ClickHouseServer, candlesOf, countOf, openedEngine, openedSink, silent, storedCandles, storedTicks } from './storageKit.ts'
import { type Tick, trade } from './storageRows.ts'

const T = Date.UTC(2024, 7, 8, 23, 54)
const EVER = Number.POSITIVE_INFINITY

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

const startServer = async () => {
  const server = await ClickHouseServer.start(join(bench.dir, 'engine'))
  bench.after(() => server.remove())
  const engine = await openEngine({ source: { url: server.url }, log: silent })
  bench.after(() => engine.close())
  return { server, engine }
}

/** Frame `k` of a stream that never stops. */
const frame = (k: number): Tick[] =>
  Array.from({ length: 5 }, (_, i) =>
    trade(T + k * 20 + i, { id: `${k}-${i}`, symbol: i % 2 ? 'A-USD' : 'B-USD', price: 100 + ((k * 7 + i) % 50) }),
  )

describe('a sink whose engine', () => {
  it('goes away under load lets the stream go on, and brings every row once when it is back', async () => {
    const { server, engine } = await startServer()
    const { sink, write } = await openedSink(bench, engine)
    const written: Tick[] = []
    let k = 0
    const stream = async (frames: number) => {
      for (const end = k + frames; k < end; k++) {
        const ticks = frame(k)
        write(T + k * 20, ticks)
        written.push(...ticks)
        if (k % 20 === 19) await new Promise(resolve => setTimeout(resolve, 1)) // the stream has a pace
      }
    }
    await stream(500)
    await sink.until(T)
    for (const end of ['stop', 'kill'] as const) {
      await stream(500)
      await server[end]()
      await stream(1000)
      await expect.poll(() => sink.stats().lastError, { timeout: 5000 }).toBeDefined()
      await stream(1000)
      expect(sink.stats().waiting.rows).toBeGreaterThan(5000)
      await server.start()
      await stream(500)
    }
    await sink.until(EVER)
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.ticks`)).toBe(written.length)
    expect(await storedCandles(engine)).toEqual(candlesOf(written))
    expect(sink.stats()).toMatchObject({ waiting: { rows: 0, files: 0 }, dropped: { ticks: 0 }, stored: { ticks: written.length } })
  })

  it.each<Fault>([
    { kind: 'lost answer', times: 2 },
    { kind: 'cut body', times: 2 },
    { kind: 'error', times: 2 },
    { kind: 'slow', times: 2, ms: 100 },
  ])('fails half-way ($kind) gets every row once', async fault => {
    const { server, engine } = await startServer()
    const { sink, write } = await openedSink(bench, engine)
    const written: Tick[] = []
    for (let k = 0; k < 4; k++) {
      if (k % 2 === 0) await server.fail(fault)
      write(T + k * 20, frame(k))
      written.push(...frame(k))
      await sink.until(T + k * 20)
    }
    expect((await storedTicks(engine)).length).toBe(written.length)
    expect(await storedCandles(engine)).toEqual(candlesOf(written))
    expect(sink.stats().retries).toBe(fault.kind === 'slow' ? 0 : 4)
  })

  const LATER = '60 81 33 16 47 53 62 159 164 198 202 209 210 241 242 243 252 279 394 425 473 999 1002'.split(' ')
  it('answers with a code that a start, a full disk or a busy server brings is asked again, and nothing is set aside', async () => {
    const { server, engine } = await startServer()
    const { sink, write } = await openedSink(bench, engine)
    for (const [k, code] of LATER.entries()) {
      await server.fail({ kind: 'error', times: 1, code })
      write(T + k * 20, frame(k))
      await sink.until(T + k * 20)
      expect([code, sink.stats().retries, sink.stats().setAside.files]).toEqual([code, k + 1, 0])
    }
    expect((await storedTicks(engine)).length).toBe(LATER.length * 5)
  })

  it('refuses a table for as long as it may start sets rows aside, says so, and gets them when it is asked for it or at the next start', async () => {
    const { server, engine } = await startServer()
    const { sink, write } = await openedSink(bench, engine, { lastingMs: 300 })
    await server.fail({ kind: 'error', times: 1_000, code: '60', into: 'ticks' })
    write(T, frame(0))
    await sink.until(T)
    expect(sink.stats()).toMatchObject({
      stored: { ticks: 0 },
      rejected: { ticks: 5 },
      setAside: { files: 1, rows: 5, why: expect.stringContaining('Unknown table') },
      waiting: { files: 0, bytes: 0 },
    })
    expect(sink.stats().retries).toBeGreaterThan(1)
    // The next one is not waited for again.
    write(T + 20, frame(1))
    await sink.until(T + 20)
    expect(sink.stats().setAside).toMatchObject({ files: 2, rows: 10 })
    await server.fail(null)
    expect(await sink.retrySetAside()).toEqual({ files: 2, rows: 10 })
    await expect.poll(() => sink.stats().stored.ticks).toBe(10)
    expect(sink.stats().setAside).toEqual({ files: 0, rows: 0, why: undefined })

    await server.fail({ kind: 'error', times: 1_000, code: '81' })
    write(T + 40, frame(2))
    await sink.until(T + 40)
    expect(sink.stats().setAside).toMatchObject({ files: 1, rows: 5 })
    await sink.close(1_000)
    await server.fail(null)
    const next = await openedSink(bench, engine)
    await next.sink.until(EVER)
    expect(next.sink.stats()).toMatchObject({ stored: { ticks: 5 }, setAside: { files: 0 } })
    expect(await storedCandles(engine)).toEqual(candlesOf([...frame(0), ...frame(1), ...frame(2)]))
  })

  it('is slow holds up a replay and drops what a live feed brings beyond the bound, in bounded memory', async () => {
    const { server, engine } = await startServer()
    const spoolBytes = 2 * 1024 * 1024
    const { sink, write } = await openedSink(bench, engine, { spoolBytes })
    write(T, frame(0))
    await sink.until(EVER)
    await server.fail({ kind: 'slow', times: 1, ms: 1500 })
    const many = Array.from({ length: 20_000 }, (_, i) => trade(T + 1000 + i))
    write(T + 20, many)
    const stored = sink.until(T + 20)
    await expect.poll(() => sink.stats().waiting.files).toBe(1)
    for (let k = 2; k < 10; k++) {
      write(
        T + k * 20,
        many.map(tick => ({ ...tick, t: tick.t + k * 100_000 })),
      )
      void sink.until(T + k * 20)
      await turn()
    }
    expect(sink.stats().waiting.bytes).toBeLessThan(spoolBytes + 2_000_000)
    let free = false
    const room = sink.room().then(() => {
      free = true
    })
    await turn()
    expect(free).toBe(false)
    await stored
    await room
    await sink.until(EVER)
    const { stored: rows, dropped } = sink.stats()
    expect(dropped.ticks).toBeGreaterThan(0)
    expect(rows.ticks + dropped.ticks).toBe(5 + 9 * 20_000)
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.ticks`)).toBe(rows.ticks)
  })

  it('starts late gets what came before it, after what the last run left', async () => {
    const opening = openedEngine(bench, 'embedded')
    const late = await openedSink(bench, new Promise<never>(() => {}))
    late.write(T, frame(0))
    await late.sink.close(50)
    await expect(late.sink.until(T)).rejects.toThrow('rows wait in the spool for the next start')
    expect(await readdir(join(bench.dir, 'spool'))).toHaveLength(1)
    const engine = await opening
    const { sink, write } = await openedSink(bench, engine)
    write(T, frame(0))
    write(T + 20, frame(1))
    await sink.until(EVER)
    expect(await storedCandles(engine)).toEqual(candlesOf([...frame(0), ...frame(1)]))
    expect(sink.stats()).toMatchObject({ stored: { ticks: 10 }, known: { ticks: 5 } })
  })

  it('will never take a batch sets it aside, counts it and goes on', async () => {
    const engine = await openedEngine(bench, 'embedded')
    const spool = join(bench.dir, 'spool')
    await mkdir(spool)
    await writeFile(join(spool, '000000000001-ticks-1-5-6d0b3a0e-0000-4000-8000-000000000000.ready'), Buffer.from([1, 2, 3, 4, 5]))
    await writeFile(join(spool, '000000000002-pnl-1-3-6d0b3a0e-0000-4000-8000-000000000001.new'), Buffer.from([1, 2, 3]))
    const { sink, write } = await openedSink(bench, engine)
    write(T, frame(0))
    await sink.until(EVER)
    expect(sink.stats()).toMatchObject({
      stored: { ticks: 5 },
      rejected: { ticks: 1, pnl: 1 },
      setAside: { files: 2, rows: 2 },
      waiting: { rows: 0, bytes: 0, files: 0 },
    })
    expect((await readdir(spool)).filter(name => name.endsWith('.rejected'))).toHaveLength(2)
  })

  it('stands on a full disk keeps rows in bounded memory, counts the rest, and recovers', async () => {
    const engine = await openedEngine(bench, 'embedded')
    let full = false
    const writeSpool = (async (path: string, bytes: Buffer) => {
      if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      await writeFile(path, bytes)
    }) as typeof writeFile
    const { sink, write } = await openedSink(bench, engine, { writeSpool })
    write(T, frame(0))
    await sink.until(T)
    full = true
    const many = Array.from({ length: 100_000 }, (_, i) => trade(T + 1000 + i))
    for (let k = 1; k <= 12; k++)
      write(
        T + k * 20,
        many.map(tick => ({ ...tick, t: tick.t + k * 1e6 })),
      )
    await expect.poll(() => sink.stats().lastError).toContain('no space left')
    const { waiting, dropped } = sink.stats()
    expect(waiting.bytes).toBeLessThan(90 * 1024 * 1024)
    expect(dropped.ticks).toBeGreaterThan(0)
    expect(waiting.rows + dropped.ticks).toBe(12 * 100_000)
    full = false
    await sink.until(EVER)
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.ticks`)).toBe(5 + 12 * 100_000 - dropped.ticks)
  })
})
