import type { Interner } from '../lib/interner.ts'
import type { Instrument } from '../market/market.ts'
import { TAPE_LENGTH } from '../market/tape.ts'
import { SIDES } from '../market/ticks.ts'
import type { Branch } from './stateTree.ts'

/**
 * `trades:SYMBOL`: the newest hundred by id. Every trade passes through: where a frame has more than the tape holds, `commit`
 * is called between, and the frame bears several patches. An id that two sources use at once gets its source before it.
 */
export const showTrades = (root: Branch, sources: Interner): ((instrument: Instrument, commit: () => void) => void) => {
  const last = root.branch('last')
  /** The keys of what is shown, oldest first, and the source of each. */
  const shown = new Map<string, number>()
  return (instrument, commit) => {
    let fresh = 0
    for (const { id, source, t, price, size, side } of instrument.tape.fresh()) {
      const src = sources.at(source)
      const keyOfSource = `${src}:${id}`
      // Whoever comes back is given what the tape holds, of which the newest may still be shown.
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
