import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { CandleState } from '../../../../driftwire-client/src/index.ts'
import { putCandle } from '../../charts/putCandle.ts'
import type { Columns } from '../../charts/series.ts'
import type { Shown } from '../../live/channels.ts'
import { type Curve, history } from '../../live/history.ts'
import { line } from '../../live/line.ts'

/** A candle's length. */
export type Interval = '1m' | '5m' | '1h' | '1d'

/** The lengths of candles, ms. */
export const CANDLE_MS: Record<Interval, number> = { '1m': 60_000, '5m': 300_000, '1h': 3_600_000, '1d': 86_400_000 }
/** Candles of a chart. */
const CANDLES = 160
const FIELDS = ['o', 'h', 'l', 'c', 'v']

/** Reads the candles before now, and goes on with the running one. */
export const useCandles = (shown: ReadonlySignal<Shown<CandleState> | undefined>, symbol: string, interval: Interval): Curve => {
  const data = useSignal<Columns | undefined>(undefined)
  const error = useSignal<string | undefined>(undefined)
  const connected = line.value.state === 'live'
  const known = shown.value !== undefined
  useEffect(() => {
    if (!connected || !known) return
    let live = true
    let stop = (): void => {}
    const to = shown.peek()!.t
    history({
      channel: `candle:${interval}:${symbol}`,
      fields: FIELDS,
      from: Math.max(0, to - CANDLES * CANDLE_MS[interval]),
      to: to + 1,
    }).then(
      past => {
        if (!live) return
        error.value = undefined
        stop = shown.subscribe(now => {
          if (now?.state.prev) putCandle(past, now.state.prev)
          if (now) putCandle(past, now.state)
          data.value = { x: past.x, y: past.y }
        })
      },
      (reason: { message: string }) => {
        if (live) error.value = reason.message
      },
    )
    return () => {
      live = false
      stop()
    }
  }, [shown, symbol, interval, connected, known])
  return { data, error }
}
