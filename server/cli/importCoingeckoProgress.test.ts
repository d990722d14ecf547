import { describe, expect, it } from 'vitest'
import { Progress } from './importCoingeckoProgress.ts'

/** What stands on a terminal of one line's memory after all that was written: finished lines, and the line that is being shown. */
const screen = (texts: readonly string[]): string[] =>
  texts
    .join('')
    .split('\n')
    .map(line => line.slice(line.lastIndexOf('\u001b[K') + 1).replace(/^\[K/, ''))

const shownBy = (terminal: { isTTY?: boolean; columns?: number }, run: (progress: Progress) => void): string[] => {
  const texts: string[] = []
  run(new Progress({ ...terminal, write: text => texts.push(text) }, 2))
  return texts
}
const work = (progress: Progress): void => {
  progress.now('BTC-USD')
  progress.line('BTC-USD: done')
  progress.now('ETH-USD')
}

describe('the progress', () => {
  it('is lines alone where there is no terminal', () => {
    expect(shownBy({}, work)).toEqual(['BTC-USD: done\n'])
  })

  it('is lines and below them a bar on a terminal, and at the end lines alone', () => {
    const half = '█'.repeat(12) + '░'.repeat(12)
    expect(screen(shownBy({ isTTY: true, columns: 80 }, work))).toEqual(['BTC-USD: done', `[${half}] 1/2 ETH-USD`])
    const ended = shownBy({ isTTY: true, columns: 80 }, progress => {
      work(progress)
      progress.end()
    })
    expect(screen(ended)).toEqual(['BTC-USD: done', ''])
  })

  it('never fills the last column, which would begin a new line', () => {
    const [, bar] = screen(shownBy({ isTTY: true, columns: 30 }, work))
    expect(bar!.length).toBe(29)
  })
})
