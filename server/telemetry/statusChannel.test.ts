import { expect, it } from 'vitest'
import { ByteWriter, utf8Text } from '../../streams/channels/byteWriter.ts'
import { StateTree } from '../../streams/channels/stateTree.ts'
import type { Figures } from '../lib/figures.ts'
import { showStatus } from './statusChannel.ts'

it('a figure that is not known yet may be a number, a text or figures when it is, and goes again', () => {
  const state = new StateTree(12)
  let parts: Figures = {}
  const write = showStatus(
    state,
    () => [],
    () => 'live',
    () => parts,
  )
  const shown = (next: Figures): unknown => {
    parts = next
    write()
    const out = new ByteWriter()
    state.snapshot(out)
    return JSON.parse(utf8Text(out.drain()))
  }
  const unknown = { part: { number: undefined, text: undefined, more: undefined } }
  const known = { part: { number: 1, text: 'a', more: { deep: true } } }
  expect(shown(unknown)).toEqual({ feeds: {} })
  expect(shown(known)).toEqual({ feeds: {}, ...known })
  expect(shown(unknown)).toEqual({ feeds: {}, part: {} })
  expect(shown(known)).toEqual({ feeds: {}, ...known })
})
