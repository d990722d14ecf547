import type { Interner } from '../lib/interner.ts'
import type { Instrument } from '../market/market.ts'
import { TAPE_LENGTH } from '../market/tape.ts'
import { SIDES } from '../market/ticks.ts'
import type { Branch } from './stateTree.ts'

/**
 * Shows `trades:SYMBOL`: the newest hundred by id. Every trade passes through: if a frame has more than the tape holds, `commit` is called in
 * between, and the frame has several patches. An id that two sources use at once gets its source before it. Returns what writes an
 * instrument.
 */
export const showTrades = (root: Branch, sources: Interner): ((instrument: Instrument, commit: () => void) => void) => {
  const last = root.branch('last')
  /** The keys of the shown trades, oldest first, and the source of each. */
  const shown = new Map<string, number>()
  return (instrument, commit) => {
    let fresh = 0
    for (const { id, source, t, price, size, side } of instrument.tape.fresh()) {
      const src = sources.at(source)
      const keyOfSource = `${src}:${id}`
      // A follower that comes back gets what the tape holds, of which the newest may still be shown.
      if (shown.get(id) === source || shown.has(keyOfSource)) continue
      if (fresh === TAPE_LENGTH) {
        commit()
        fresh = 0
      }
      const key = shown.has(id) ? keyOfSource : id
      const entry = last.branch(key)
      entry.exact('t').set(t)
      entry.number('price').set(price)
      entry.number('size').set(size)
      entry.value('side').set(SIDES[side] || undefined)
      entry.value('src').set(src)
      shown.set(key, source)
      fresh += 1
      if (shown.size > TAPE_LENGTH) {
        const [oldest] = shown.keys()
        shown.delete(oldest!)
        last.branch(oldest!).remove()
      }
    }
  }
}
