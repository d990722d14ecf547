import { pino } from 'pino'
import { expect, it } from 'vitest'
import { readableLog } from './logLines.ts'
import { PLAIN } from './style.ts'

const written = (log: (logger: pino.Logger) => void): string[] => {
  const lines: string[] = []
  log(
    pino(
      { level: 'trace', base: null, timestamp: () => ',"time":1723118400005' },
      readableLog(text => lines.push(text), PLAIN),
    ),
  )
  return lines
}

it('a line of the log has time, level, module, message and the other fields', () => {
  const lines = written(log => log.child({ module: 'feeds' }).info({ feed: 'sim', symbols: ['BTC-USD'] }, 'the feed begins'))
  expect(lines).toEqual(['12:00:00.005  info   feeds  the feed begins  feed=sim  symbols=["BTC-USD"]\n'])
})

it('an error is its message, and above warnings also its stack', () => {
  const err = new Error('no disk')
  expect(written(log => log.warn({ err }, 'retrying'))).toEqual(['12:00:00.005  warn   retrying: no disk\n'])
  expect(written(log => log.error({ err }, 'failed'))[0]).toMatch(/^12:00:00\.005 {2}error {2}failed: no disk\n {4}at /)
})

it('what comes from outside cannot command the terminal', () => {
  expect(written(log => log.info({ symbol: '\x1b[2J' }, 'a\nb'))).toEqual(['12:00:00.005  info   a\\nb  symbol=\\u001b[2J\n'])
})
