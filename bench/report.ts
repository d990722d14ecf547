/** What one bench found, as the harness prints it and writes it down. */
export interface Report {
  readonly name: string
  /** What was done, so that another can do it again. */
  readonly method: string
  readonly figures: readonly Figure[]
}

export interface Figure {
  readonly what: string
  /** One value a round. */
  readonly rounds: readonly number[]
  readonly unit: string
  /** Of a ratio: beside what. */
  readonly beside?: string
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The ratio of two figures round by round, so that it holds where the machine's speed drifts. */
export const ratio = (what: string, of: Figure, to: Figure): Figure => ({
  what,
  rounds: of.rounds.map((value, i) => value / to.rounds[i]!),
  unit: '×',
  beside: to.what,
})

/** Prints a report for people, and for the harness as one last line of JSON. */
export const print = (report: Report): void => {
  console.log(report.method)
  for (const { what, rounds, unit, beside } of report.figures) {
    const all = rounds.map(shown)
    console.log(
      `  ${what}: ${shown(median(rounds))} ${unit}${beside ? ` ${beside}` : ''}  (${Math.min(...rounds) === Math.max(...rounds) ? all[0] : `${shown(Math.min(...rounds))} to ${shown(Math.max(...rounds))}`})`,
    )
  }
  console.log(JSON.stringify(report))
}

export const shown = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : value.toLocaleString('en', { maximumSignificantDigits: 3 })
