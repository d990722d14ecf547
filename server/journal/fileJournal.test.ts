import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Inception } from '../../streams/input.ts'
import { fileJournal } from './fileJournal.ts'

const entry = (fund: string): Inception => ({
  kind: 'inception',
  fund,
  t: 1_723_118_400_000,
  units: { BTC: '0.5' },
  weights: { BTC: 1 },
  shares: '10000',
})

describe('the journal in a file', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'journal-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('has after a new start what was appended, in order', async () => {
    const first = await fileJournal(dir)
    await Promise.all([first.append([entry('A')]), first.append([entry('B'), entry('C')])])
    await first.close()
    const second = await fileJournal(dir)
    expect((await second.read()).map(e => e.fund)).toEqual(['A', 'B', 'C'])
    await second.close()
  })

  it('drops an entry that a kill cut short, and goes on behind the last whole one', async () => {
    const file = join(dir, 'journal.ndjson')
    await writeFile(file, `${JSON.stringify(entry('A'))}\n`)
    await appendFile(file, JSON.stringify(entry('B')).slice(0, 40))
    const journal = await fileJournal(dir)
    await journal.append([entry('C')])
    await journal.close()
    expect(
      (await readFile(file, 'utf8'))
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).fund),
    ).toEqual(['A', 'C'])
  })

  it('refuses to start on damage in its middle', async () => {
    await writeFile(join(dir, 'journal.ndjson'), `${JSON.stringify(entry('A'))}\nrubbish\n${JSON.stringify(entry('B'))}\n`)
    await expect(fileJournal(dir)).rejects.toThrow('line 2')
  })
})
