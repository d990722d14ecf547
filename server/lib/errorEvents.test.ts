import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ERROR_EVENTS, type ErrorEvent, logError, logFatal } from './errorEvents.ts'
import { packageRoot } from './packageRoot.ts'

it('docs/operations.md lists every event with its text and what to do, and no other', () => {
  const page = readFileSync(join(packageRoot(), 'docs', 'operations.md'), 'utf8')
  const table = page.split('| event | `msg` | action |')[1]!.split('\n\n')[0]!
  const rows = table
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.split('|').map(cell => cell.trim()))
  expect(rows.map(([, event, text]) => [event!.replaceAll('`', ''), text])).toEqual(Object.entries(ERROR_EVENTS))
  expect(rows.filter(([, , , action]) => action!.length < 4)).toEqual([])
})

it('a line has its event, what is known of it, and its text', () => {
  const lines: unknown[] = []
  const log = { error: (...line: unknown[]) => void lines.push(line), fatal: (...line: unknown[]) => void lines.push(line) }
  const event: ErrorEvent = 'fill_unreadable'
  logError(log, event, { report: 1 })
  logFatal(log, 'cannot_start')
  expect(lines).toEqual([
    [{ event, report: 1 }, ERROR_EVENTS.fill_unreadable],
    [{ event: 'cannot_start' }, ERROR_EVENTS.cannot_start],
  ])
})
