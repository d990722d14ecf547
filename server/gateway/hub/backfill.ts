import { utf8Text } from '../../../streams/channels/byteWriter.ts'
import { floorTo } from '../../../streams/market/candles.ts'
import { INTERVALS, parseChannel } from '../../../streams/wire/channels.ts'
import { ERRORS, ProtocolError } from '../../../streams/wire/errors.ts'
import { projected } from '../../../streams/wire/statePath.ts'
import type { BackfillSource } from '../../storage/read/backfillSource.ts'
import type { Hub } from './hub.ts'
import type { Session } from './session.ts'

/** Rows of one push. */
const ROWS_PER_PUSH = 1000

/**
 * Begins a channel with its past (`subscribe` with `from`): rows of the store up to and without the moment of a snapshot, then that
 * snapshot, then the patches after it. The snapshot is taken first and waits, so nothing falls between the past and the present and
 * nothing comes twice. If the past cannot be read, the last push of rows says why and the snapshot follows all the same.
 */
export const backfill = async (
  session: Session,
  channel: string,
  { from, fields }: { readonly from: number; readonly fields?: readonly string[] | undefined },
  hub: Hub,
  past: BackfillSource,
): Promise<void> => {
  const follow = session.follows.get(channel)
  if (follow === undefined) return
  follow.busy = true
  const here = (): boolean => session.follows.get(channel) === follow && !session.socket.closed
  const { channel: delivered } = follow.group
  const reading = await hub.read(delivered)
  // Some members of a state do not say which candle is running.
  const { t } = reading
  const { snapshot } = delivered === channel ? reading : await hub.read(channel)
  const send = (message: object): void => session.send(JSON.stringify({ ch: channel, ...message }))
  try {
    await past.until(t)
    let cursor: string | undefined
    do {
      const page = await past.rows({
        channel,
        from,
        to: endOf(channel, t, snapshot.bytes),
        asOf: t,
        limit: ROWS_PER_PUSH,
        ...(cursor !== undefined && { cursor }),
      })
      if (!here()) return
      cursor = page.next
      const rows = fields === undefined ? page.rows : page.rows.map(row => projected(row, ['t', 'open_t', ...fields]))
      if (rows.length > 0 || cursor === undefined) send({ rows, more: cursor !== undefined })
      await hub.whenRoom(session)
    } while (cursor !== undefined && here())
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    if (here()) send({ rows: [], more: false, error: { code: error.code, message: error.message, retry: ERRORS[error.code].retry } })
  }
  if (here()) hub.beginFrom(session, follow, reading)
}

/** Returns the end of the rows: the moment of the snapshot or, of candles, the beginning of the one that it shows as running. */
const endOf = (channel: string, t: number, snapshot: Uint8Array): number => {
  const name = parseChannel(channel)
  if (name?.kind !== 'candle') return t
  const { snap } = JSON.parse(utf8Text(snapshot)) as { snap: { open_t?: number } }
  return snap.open_t ?? floorTo(t, INTERVALS[name.interval])
}
