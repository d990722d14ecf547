import { formatDecimal, readDecimal } from '../lib/decimal.ts'
import { DatedSupplies } from '../market/datedSupplies.ts'
import { readAmounts, type Written, writeAmounts } from './amounts.ts'
import { type AssetFact, eventOf, factOf } from './assetEntry.ts'
import { readTerms, writeTerms } from './entryText.ts'
import type { LedgerFund, LedgerState } from './ledgerState.ts'
import { readRebalance, writeRebalance } from './rebalanceState.ts'

/** Number of the form in which a state is written. It rises with every change of that form; the first had no number. */
const FORM = 2

/** Returns whether a state was written in the form of this version. Any other is neither read nor compared: the entries give it again. */
export const isOfThisForm = (text: string): boolean => text.startsWith(`{"form":${FORM},`)

/** Returns the whole state as one line of JSON: the same line for the same state. */
export const writeSnapshot = ({ seq, t, clients, funds, recordings, supplies, events, recorded, balances }: LedgerState): string =>
  JSON.stringify({
    form: FORM,
    seq,
    t,
    clients: [...clients].sort(),
    funds: [...funds.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(writeFund),
    recordings,
    supplies: supplies.all().map(({ t, asset, supply }) => [t, asset, formatDecimal(supply)]),
    events: events.map(({ seq, event, converted }) => ({ seq, fact: factOf(event), converted })),
    recorded: Object.fromEntries([...recorded].sort(byName).map(([portfolio, ids]) => [portfolio, [...ids]])),
    balances: Object.fromEntries([...balances].sort(byName).map(([account, assets]) => [account, sortedAmounts(assets)])),
  })

/** Reads what `writeSnapshot` wrote. Throws SyntaxError or TypeError for anything else. */
export const readSnapshot = (text: string): LedgerState => {
  const { seq, t, clients, funds, balances, recordings, supplies, events, recorded } = JSON.parse(text) as WrittenState
  return {
    seq,
    t,
    clients: new Set(clients),
    funds: new Map(funds.map(fund => [fund.id, readFund(fund)])),
    recordings: [...recordings],
    supplies: readSupplies(supplies),
    events: events.map(({ seq, fact, converted }) => ({ seq, event: eventOf(fact), converted })),
    recorded: new Map(Object.entries(recorded).map(([portfolio, rows]) => [portfolio, new Map(rows)])),
    balances: new Map(Object.entries(balances).map(([account, assets]) => [account, readAmounts(assets)])),
  }
}

/** As JSON has it, where undefined members are absent. */
interface WrittenState {
  readonly seq: number
  readonly t: number
  readonly clients: readonly string[]
  readonly funds: readonly WrittenFund[]
  readonly balances: Readonly<Record<string, Record<string, string>>>
  readonly recordings: readonly number[]
  readonly supplies: readonly (readonly [t: number, asset: string, supply: string])[]
  readonly events: readonly { readonly seq: number; readonly fact: AssetFact; readonly converted: boolean }[]
  /** Ids of rows, with the digests of their contents. */
  readonly recorded: Readonly<Record<string, readonly (readonly [id: string, digest: string])[]>>
}
type WrittenFund = Pick<LedgerFund, 'id' | 'owner' | 'halted'> &
  Partial<Pick<LedgerFund, 'definition' | 'inception' | 'rebalanced'>> &
  Pick<Written<LedgerFund>, 'terms' | 'units'> & {
    readonly rebalance?: Written<LedgerFund>['rebalance']
    readonly converted?: readonly number[]
  }

/** Units keep their order: it is that of the legs. */
const writeFund = ({
  id,
  terms,
  definition,
  owner,
  inception,
  units,
  halted,
  converted,
  rebalance,
  rebalanced,
}: LedgerFund): WrittenFund => ({
  id,
  terms: writeTerms(terms),
  definition,
  owner,
  inception,
  units: writeAmounts(units),
  halted,
  ...(converted.size > 0 && { converted: [...converted] }),
  rebalanced,
  ...(rebalance && { rebalance: writeRebalance(rebalance) }),
})

const readFund = ({
  id,
  terms,
  definition,
  owner,
  inception,
  units,
  halted,
  converted = [],
  rebalance,
  rebalanced,
}: WrittenFund): LedgerFund => ({
  id,
  terms: readTerms(terms),
  definition,
  owner,
  inception,
  units: readAmounts(units),
  halted,
  converted: new Set(converted),
  rebalance: rebalance && readRebalance(rebalance),
  rebalanced,
})

const readSupplies = (rows: WrittenState['supplies']): DatedSupplies => {
  const supplies = new DatedSupplies()
  for (const [t, asset, supply] of rows) supplies.add({ t, asset, supply: readDecimal(supply) })
  return supplies
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

const sortedAmounts = (amounts: ReadonlyMap<string, bigint>): Record<string, string> => writeAmounts(new Map([...amounts].sort(byName)))
