import { expect, it } from 'vitest'
import { Screen } from './screen.ts'

it('a screen writes once a frame, into the other screen, and gives the terminal back', () => {
  const written: string[] = []
  const screen = new Screen({ columns: 20, rows: 3, write: text => written.push(text) })
  screen.draw(['one', 'two', 'three', 'beyond'])
  screen.draw(['one'])
  screen.close()
  screen.close()
  expect(written).toEqual([
    '\x1b[?1049h\x1b[?25l\x1b[?2026h\x1b[Hone\x1b[K\r\ntwo\x1b[K\r\nthree\x1b[K\x1b[J\x1b[?2026l',
    '\x1b[?2026h\x1b[Hone\x1b[K\x1b[J\x1b[?2026l',
    '\x1b[?25h\x1b[?1049l',
  ])
})
