/** A line of steps: from `from[i]` on the value is `value[i]`. */
export interface Steps {
  readonly from: readonly number[]
  readonly value: readonly number[]
}

/** Rows that a step has at least. */
const ROWS_MIN = 200

interface Pool {
  readonly from: number
  readonly sum: number
  readonly count: number
}

/**
 * Returns how often an event came, as a function that never falls with the score (never rises if `falling`): isotonic regression by pooling neighbours
 * that violate the order (Ayer and others 1955). It begins with pools of at least 200 rows, each with one row of the whole added, so no step is 0 or 1.
 */
export const isotonic = (scores: Float64Array, events: Uint8Array, falling = false): Steps => {
  const sign = falling ? -1 : 1
  const share = ({ sum, count }: Pool): number => sum / count
  const merged: Pool[] = []
  for (const pool of poolsOf(scores, events)) {
    merged.push(pool)
    while (merged.length > 1) {
      const [before, own] = [merged.at(-2)!, merged.at(-1)!]
      if (sign * share(before) < sign * share(own)) break
      merged.splice(-2, 2, { from: before.from, sum: before.sum + own.sum, count: before.count + own.count })
    }
  }
  return { from: merged.map(({ from }) => from), value: merged.map(share) }
}

/** Rows by score, in pools; equal scores cannot be told apart and share one. */
const poolsOf = (scores: Float64Array, events: Uint8Array): Pool[] => {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b)
  const often = events.reduce((sum, event) => sum + event, 0) / events.length
  const pools: Pool[] = []
  for (let from = 0; from < order.length; ) {
    let to = Math.min(order.length, from + ROWS_MIN)
    while (to < order.length && scores[order[to]!] === scores[order[to - 1]!]) to++
    if (order.length - to < ROWS_MIN) to = order.length
    const sum = order.slice(from, to).reduce((sum, i) => sum + events[i]!, often)
    pools.push({ from: scores[order[from]!]!, sum, count: to - from + 1 })
    from = to
  }
  return pools
}

/** Returns the value of the step that `score` is on; of the first one for what is below. */
export const stepAt = ({ from, value }: Steps, score: number): number => {
  let low = 0
  let high = from.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (from[middle]! <= score) low = middle + 1
    else high = middle
  }
  return value[Math.max(0, low - 1)]!
}
