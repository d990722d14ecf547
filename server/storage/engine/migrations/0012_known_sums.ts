import type { Migration } from './migration.ts'

const SUMS = ['value', 'cost', 'unrealised', 'realised', 'income', 'expenses', 'fees', 'flows', 'total'] as const

/** Sums of a portfolio's hours are NULL while something has no price, and the columns `known_…` then have what is known. */
export const knownSums: Migration = {
  id: 12,
  name: 'known_sums',
  statements: database => {
    const known = SUMS.map(sum => `ADD COLUMN IF NOT EXISTS known_${sum} Nullable(Float64)`)
    return [
      `ALTER TABLE ${database}.pnl_hours ${SUMS.map(sum => `MODIFY COLUMN ${sum} Nullable(Float64)`).join(', ')}, ${known.join(', ')},
        MODIFY COLUMN \`assets.cost\` Array(Nullable(Float64)), MODIFY COLUMN \`assets.realised\` Array(Nullable(Float64))`,
    ]
  },
}
