import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Bench } from '../../test/storageKit.ts'
import { KeptRows } from './keptRows.ts'

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

it('rows are there until they are forgotten, also for the next process; one that was cut short is none', () => {
  const file = join(bench.dir, 'spool', 'rows.ndjson')
  const rows = new KeptRows<{ n: number }>(file)
  expect(rows.left()).toEqual([])
  rows.add([{ n: 1 }, { n: 2 }])
  rows.add([{ n: 3 }])
  appendFileSync(file, '{"n":')
  expect(new KeptRows(file).left()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  new KeptRows(file).add([{ n: 4 }])
  expect(new KeptRows(file).left().map(row => (row as { n: number }).n)).toEqual([1, 2, 3, 4])
  rows.clear()
  expect(new KeptRows(file).left()).toEqual([])
})
