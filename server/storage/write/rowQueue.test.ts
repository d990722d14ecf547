import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Engine } from '../engine/engine.ts'
import { RowQueue } from './rowQueue.ts'

const log = pino({ level: 'silent' })
const engine = Promise.resolve({} as Engine)

it('rows are inserted in order, and again where the engine did not take them', async () => {
  const inserted: number[] = []
  let failures = 2
  const trickle = new RowQueue<number>(
    engine,
    async (_, rows) => {
      if (failures-- > 0) throw new Error('away')
      inserted.push(...rows)
    },
    log,
  )
  const rows = Array.from({ length: 12_000 }, (_, i) => i)
  for (const row of rows) trickle.put(row)
  await expect.poll(() => trickle.stats(), { timeout: 10_000 }).toEqual({ waiting: 0, stored: 12_000, retries: 2, dropped: 0 })
  expect(inserted).toEqual(rows)
  await trickle.close()
})

it('more rows than may wait are dropped and counted', async () => {
  const trickle = new RowQueue<number>(new Promise(() => {}), async () => {}, log)
  for (let i = 0; i < 100_003; i++) trickle.put(i)
  expect(trickle.stats()).toEqual({ waiting: 100_000, stored: 0, retries: 0, dropped: 3 })
  await trickle.close()
})
