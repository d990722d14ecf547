import { ProtocolError } from '../../../streams/wire/errors.ts'
import { linesOf } from '../../lib/csv.ts'

/** Returns the lines of a request's body. Throws `too_large` if there are more than `most`, before it has cut them: to cut millions holds the event loop. */
export const boundedLines = (text: string, most: number): string[] => {
  const lineEnd = text.includes('\n') ? '\n' : '\r'
  let lines = 1
  for (let at = text.indexOf(lineEnd); at >= 0; at = text.indexOf(lineEnd, at + 1)) {
    lines += 1
    // Behind the last line end there is nothing.
    if (lines > most + 1) throw new ProtocolError('too_large', `found more than ${most} lines, expected fewer`)
  }
  return linesOf(text)
}
