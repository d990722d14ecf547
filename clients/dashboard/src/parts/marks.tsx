import { type Marked, some } from '../live/states.ts'

/** What is wrong with a state, as small signs behind its name. */
export const Marks = ({ state }: { state: Marked | undefined }) => {
  if (!state) return null
  const marks = [
    state.stale && 'stale',
    state.halted && 'halted',
    state.partial && 'partial',
    some(state.pending) && `waits for ${Object.keys(state.pending ?? {}).join(', ')}`,
    some(state.unpriced) && `unpriced: ${Object.keys(state.unpriced ?? {}).join(', ')}`,
    some(state.blocked) && `no market: ${Object.keys(state.blocked ?? {}).join(', ')}`,
  ].filter(Boolean)
  return marks.map(mark => (
    <span key={mark} class="mark">
      {mark}
    </span>
  ))
}
