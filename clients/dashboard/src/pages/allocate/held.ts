import type { Columns } from '../../charts/series.ts'

/** An amount of an asset, and its closes by the time at which their candle began. */
export interface HeldPast {
  readonly amount: number
  readonly closes: Columns
}

/**
 * Returns the worth of all together over time, from the first time at which each has a close. A candle that was not traded keeps the last
 * close.
 */
export const held = (assets: readonly HeldPast[]): Columns => {
  const times = [...new Set(assets.flatMap(({ closes }) => closes.x))].sort((a, b) => a - b)
  const last = new Array<number>(assets.length).fill(Number.NaN)
  const places = new Array<number>(assets.length).fill(0)
  const x: number[] = []
  const y: number[] = []
  for (const t of times) {
    for (const [i, { closes }] of assets.entries())
      while (closes.x[places[i]!] !== undefined && closes.x[places[i]!]! <= t) {
        last[i] = closes.y[0]![places[i]!] ?? last[i]!
        places[i]! += 1
      }
    const worth = assets.reduce((sum, { amount }, i) => sum + amount * last[i]!, 0)
    if (Number.isNaN(worth)) continue
    x.push(t)
    y.push(worth)
  }
  return { x, y: [y] }
}
