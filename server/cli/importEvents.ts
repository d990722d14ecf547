import { writeAssetEvent } from '../../streams/market/assetEvent.ts'
import { EVENTS_PER_REQUEST_MAX } from '../../streams/wire/limits.ts'
import { eventsOfCsv, NoTable } from '../config/assetTables.ts'
import { UsageError } from '../config/options.ts'
import type { EventAnswer } from '../gateway/api/assetFacts.ts'
import { readText } from './importSupplies.ts'
import type { RunningServer } from './server.ts'

/**
 * Sends what happens to assets, a CSV file with `t,asset,kind,ratio,to`, to a running server. `bad` is called for each row that does not go
 * in. Returns how many do and did. Rejects with UsageError if the file is none, with ServerError if the server refuses it.
 */
export const importEvents = async (
  file: string,
  server: RunningServer,
  bad: (line: number, why: string) => void,
): Promise<{ accepted: number; known: number }> => {
  const { good, bad: unread } = tableOf(file, await readText(file))
  for (const { row, why } of unread) bad(row, why)
  const sum = { accepted: 0, known: 0 }
  for (let i = 0; i < good.length; i += EVENTS_PER_REQUEST_MAX) {
    const piece = good.slice(i, i + EVENTS_PER_REQUEST_MAX)
    const body = JSON.stringify({ events: piece.map(({ value }) => writeAssetEvent(value)) })
    const { accepted, known, refused } = await server.post<EventAnswer>('/v1/admin/events', 'application/json', body)
    sum.accepted += accepted
    sum.known += known
    for (const { row, why } of refused) bad(piece[row - 1]!.row, why)
  }
  return sum
}

const tableOf = (file: string, text: string): ReturnType<typeof eventsOfCsv> => {
  try {
    return eventsOfCsv(text)
  } catch (error) {
    throw error instanceof NoTable ? new UsageError(`${file}: ${error.message}, and perhaps ratio,to`) : error
  }
}
