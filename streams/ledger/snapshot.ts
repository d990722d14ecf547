import { readAmounts, type Written, writeAmounts } from './amounts.ts'
import { readTerms, writeTerms } from './entryText.ts'
import type { LedgerFund, LedgerState } from './ledgerState.ts'
import { readRebalance, writeRebalance } from './rebalanceState.ts'

/** Returns the whole state as one line of JSON: the same line for the same state. */
export const writeSnapshot = ({ seq, t, clients, funds, recordings, supplies, recorded, balances }: LedgerState): string =>
  JSON.stringify({
    seq,
    t,
    clients: [...clients].sort(),
    funds: [...funds.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(writeFund),
    recordings,
    supplies: sortedAmounts(supplies),
    recorded: Object.fromEntries(
      [...recorded]
        .sort(byName)
        .map(([portfolio, ids]) => [portfolio, [...ids].map(([id, digest]) => (digest === '' ? id : [id, digest]))]),
    ),
    balances: Object.fromEntries([...balances].sort(byName).map(([account, assets]) => [account, sortedAmounts(assets)])),
  })

/** Reads what `writeSnapshot` wrote. Throws SyntaxError or TypeError for anything else. */
export const readSnapshot = (text: string): LedgerState => {
  const { seq, t, clients, funds, balances, recordings = [], supplies = {}, recorded = {} } = JSON.parse(text) as WrittenState
  return {
    seq,
    t,
    clients: new Set(clients),
    funds: new Map(funds.map(fund => [fund.id, readFund(fund)])),
    recordings: [...recordings],
    supplies: readAmounts(supplies),
    recorded: new Map(
      Object.entries(recorded).map(([portfolio, ids]) => [portfolio, new Map(ids.map(row => (typeof row === 'string' ? [row, ''] : row)))]),
    ),
    balances: new Map(Object.entries(balances).map(([account, assets]) => [account, readAmounts(assets)])),
  }
}

/** As JSON has it, where undefined members are absent. Snapshots of older versions lack those that are optional. */
interface WrittenState {
  readonly seq: number
  readonly t: number
  readonly clients: readonly string[]
  readonly funds: readonly WrittenFund[]
  readonly balances: Readonly<Record<string, Record<string, string>>>
  readonly recordings?: readonly number[]
  readonly supplies?: Readonly<Record<string, string>>
  /** Ids of rows, with the digests of their contents; snapshots of older versions have the ids alone. */
  readonly recorded?: Readonly<Record<string, readonly (string | readonly [id: string, digest: string])[]>>
}
type WrittenFund = Pick<LedgerFund, 'id' | 'halted'> &
  Partial<Pick<LedgerFund, 'definition' | 'inception' | 'rebalanced'>> &
  Pick<Written<LedgerFund>, 'terms' | 'units'> & { readonly rebalance?: Written<LedgerFund>['rebalance'] }

/** Units keep their order: it is that of the legs. */
const writeFund = ({ id, terms, definition, inception, units, halted, rebalance, rebalanced }: LedgerFund): WrittenFund => ({
  id,
  terms: writeTerms(terms),
  definition,
  inception,
  units: writeAmounts(units),
  halted,
  rebalanced,
  ...(rebalance && { rebalance: writeRebalance(rebalance) }),
})

const readFund = ({ id, terms, definition, inception, units, halted, rebalance, rebalanced }: WrittenFund): LedgerFund => ({
  id,
  terms: readTerms(terms),
  definition,
  inception,
  units: readAmounts(units),
  halted,
  rebalance: rebalance && readRebalance(rebalance),
  rebalanced,
})

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

const sortedAmounts = (amounts: ReadonlyMap<string, bigint>): Record<string, string> => writeAmounts(new Map([...amounts].sort(byName)))
