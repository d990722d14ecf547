import type { Result } from './suite.ts'

/** Lines of a transcript that are shown, and characters of each. */
const LINES = 12
const WIDTH = 160

const MARKS = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' } as const

/** What any trial has shown. */
export type Shown = Pick<Result, 'outcome' | 'why' | 'transcripts'>

/** Returns the lines that report a check: what it found and expected if it failed, and the end of what was said. */
export const lines = (name: string, { outcome, why, transcripts }: Shown): string[] => [
  `${MARKS[outcome]}  ${name}`,
  ...(why === undefined ? [] : [`      ${why}`]),
  ...transcripts.flatMap(transcript => transcript.slice(-LINES).map(line => `      ${cut(line)}`)),
]

const cut = (line: string): string => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line)

/** Returns the last line: how many there were of each. */
export const summary = (all: readonly Pick<Result, 'outcome'>[]): string => {
  const count = (outcome: Result['outcome']): number => all.filter(result => result.outcome === outcome).length
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`
}
