import { expect, it } from 'vitest'
import { feedContext } from '../test/feedKit.ts'
import { VirtualEnvironment } from '../test/virtualEnvironment.ts'
import { RejectLog } from './rejectLog.ts'

it('logs the first at once, and at most one line a second with the counts of what came since', async () => {
  const lines: Record<string, unknown>[] = []
  const environment = new VirtualEnvironment()
  const log = new RejectLog(feedContext({ onLog: line => lines.push(line) }).log, environment)
  log.note('price', 1, 17)
  for (let line = 18; line < 1_000; line++) log.note('unreadable', 1, line)
  expect(lines).toMatchObject([{ kind: 'price', where: 17, counts: { price: 1 } }])
  await environment.pass(1_000)
  log.note('gap', 5, 2_000)
  expect(lines[1]).toMatchObject({ kind: 'unreadable', where: 18, counts: { unreadable: 982, gap: 5 } })
  log.note('time', 1, 3_000)
  expect(lines).toHaveLength(2)
  log.flush()
  log.flush()
  expect(lines).toHaveLength(3)
  expect(lines[2]).toMatchObject({ kind: 'time', where: 3_000, counts: { time: 1 } })
})
