import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Spool } from './spool.ts'

const A = Buffer.from('rows of a')
const B = Buffer.from('rows of b, some more')

describe('the spool', () => {
  let dir = ''
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'spool-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  const left = async () => (await Spool.open(dir)).leftOver.map(({ seq, table, rows, checked }) => ({ seq, table, rows, checked }))

  it('gives what a former process left behind in the order it was made, and goes on counting after it', async () => {
    const first = await Spool.open(dir)
    const [a, b, c] = [first.next(), first.next(), first.next()]
    await first.add(c, 'pnl', 3, A, true)
    await first.add(a, 'ticks', 1, A, true)
    await first.add(b, 'ticks', 2, B, false)
    const second = await Spool.open(dir)
    expect(second.leftOver.map(file => [file.seq, file.table, file.rows, file.checked])).toEqual([
      [1, 'ticks', 1, true],
      [2, 'ticks', 2, false],
      [3, 'pnl', 3, true],
    ])
    expect(second.bytes).toBe(A.length * 2 + B.length)
    expect(second.next()).toBe(4)
    expect(new Set(second.leftOver.map(file => file.token)).size).toBe(3)
  })

  it('keeps the token of a file that is checked, and of a killed checking the checked file', async () => {
    const spool = await Spool.open(dir)
    const file = await spool.add(spool.next(), 'ticks', 100, B, false)
    const checked = await spool.check(file, { bytes: A, rows: 9 })
    expect([checked.token, checked.rows, checked.checked, spool.bytes]).toEqual([file.token, 9, true, A.length])
    expect(await readFile(checked.path)).toEqual(A)
    await writeFile(file.path, B) // as if the kill had come before the end of the unchecked one
    expect(await left()).toEqual([{ seq: 1, table: 'ticks', rows: 9, checked: true }])
    expect(await readdir(dir)).toHaveLength(1)
  })

  it('marks a file as checked in place where all its rows stay', async () => {
    const spool = await Spool.open(dir)
    const checked = await spool.check(await spool.add(spool.next(), 'ticks', 2, B, false))
    expect(await readFile(checked.path)).toEqual(B)
    expect(await left()).toEqual([{ seq: 1, table: 'ticks', rows: 2, checked: true }])
  })

  it('takes no half-written file for one, and leaves none behind where the disk is full', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const spool = await Spool.open(dir, async (path, bytes) => {
      await writeFile(path as string, (bytes as Buffer).subarray(0, 3))
      throw full
    })
    await expect(spool.add(spool.next(), 'ticks', 1, A, true)).rejects.toBe(full)
    expect([spool.bytes, await readdir(dir)]).toEqual([0, []])
    await writeFile(join(dir, 'x.tmp'), 'half')
    expect(await left()).toEqual([])
    expect(await readdir(dir)).toEqual([])
  })

  it('sets a file aside that a loss of power cut short', async () => {
    const spool = await Spool.open(dir)
    const { path } = await spool.add(spool.next(), 'ticks', 5, B, true)
    await writeFile(path, B.subarray(0, 4))
    const next = await Spool.open(dir)
    expect([next.leftOver, next.cutShort.map(file => file.rows), next.bytes]).toEqual([[], [5], 0])
    expect(await readdir(dir)).toEqual([expect.stringMatching(/\.ready\.rejected$/)])
  })

  it('takes up what was set aside after all that waits, under a number of its own, to be checked again', async () => {
    const spool = await Spool.open(dir)
    const [first, second] = [await spool.add(spool.next(), 'ticks', 5, A, true), await spool.add(spool.next(), 'pnl', 2, B, true)]
    expect([await spool.reject(first), spool.setAside, spool.bytes]).toEqual([true, { files: 1, rows: 5 }, B.length])
    const next = await Spool.open(dir)
    expect(next.leftOver.map(({ seq, table, token, checked }) => [seq, table, token, checked])).toEqual([
      [2, 'pnl', second.token, true],
      [3, 'ticks', first.token, false],
    ])
    expect([next.setAside, next.next(), next.bytes]).toEqual([{ files: 0, rows: 0 }, 4, A.length + B.length])
    expect(await readFile(next.leftOver[1]!.path)).toEqual(A)
  })

  it('keeps rejected files for who wants to know, but not without bound', async () => {
    const spool = await Spool.open(dir)
    const large = Buffer.alloc(40 * 1024 * 1024)
    for (const _ of [1, 2]) await spool.reject(await spool.add(spool.next(), 'ticks', 1, large, true))
    expect([spool.bytes, (await readdir(dir)).length]).toEqual([0, 1])
    const after = await Spool.open(dir)
    expect(await after.reject(after.leftOver[0]!)).toBe(true)
    await after.reject(await after.add(after.next(), 'ticks', 1, large, true))
    expect((await readdir(dir)).length).toBe(1)
  })
})
