import type { FundHoldings } from '../../streams/fund/inception.ts'
import { clientAccount, custodyAccount } from '../../streams/ledger/accounts.ts'
import { eventOf } from '../../streams/ledger/assetEntry.ts'
import { targetsOf } from '../../streams/ledger/decideRebalance.ts'
import type { Entry, Supplies } from '../../streams/ledger/entry.ts'
import type { Ledger } from '../../streams/ledger/ledger.ts'
import type { DatedSupply } from '../../streams/market/datedSupplies.ts'
import type { JournalEntry } from '../journal/journal.ts'
import type { ClearingRequests, CommitEvents } from './port.ts'

/** Clients whose entries somebody follows. */
export class WatchedClients {
  /** By client: who follows; no set is empty. */
  private readonly watchers = new Map<string, Set<string>>()

  /** Switches on or off that `by` follows a client. */
  watch({ who, by, on }: ClearingRequests['watch']['ask']): void {
    const watchers = this.watchers.get(who) ?? new Set()
    if (on) watchers.add(by)
    else watchers.delete(by)
    if (watchers.size > 0) this.watchers.set(who, watchers)
    else this.watchers.delete(who)
  }

  /** Returns the clients whom an entry concerns and somebody follows. */
  among(entry: Entry): string[] {
    return this.watchers.size === 0 ? [] : clientsOf(entry).filter(client => this.watchers.has(client))
  }
}

/** Returns what a commit has changed. `entries` are those of `written`, one by one. */
export const commitEventsOf = (
  entries: readonly Entry[],
  written: readonly JournalEntry[],
  ledger: Ledger,
  watchedClients: WatchedClients,
): CommitEvents => {
  const funds = new Set<string>()
  const traded = new Set<string>()
  const watched: { text: string; clients: string[] }[] = []
  for (const [i, entry] of entries.entries()) {
    if ('fund' in entry && entry.kind !== 'define') funds.add(entry.fund)
    if (entry.kind === 'conversion') for (const fund of entry.funds) funds.add(fund)
    if (entry.kind === 'rebalance' || entry.kind === 'trade' || entry.kind === 'rebalanced') traded.add(entry.fund)
    const clients = watchedClients.among(entry)
    if (clients.length > 0) watched.push({ text: written[i]!.text, clients })
  }
  return {
    watched,
    funds: [...funds].flatMap(fund => fundHoldings(ledger, fund) ?? []),
    recorded: entries.flatMap(entry => (entry.kind === 'record' ? [{ portfolio: entry.portfolio, transactions: entry.transactions }] : [])),
    rebalances: [...traded].flatMap(fund => ledger.funds.get(fund)?.rebalance ?? []),
    supplies: entries.flatMap(entry => (entry.kind === 'supplies' ? suppliesOf(entry) : [])),
    events: entries.flatMap(entry => (entry.kind === 'asset' ? [{ seq: entry.seq, event: eventOf(entry) }] : [])),
  }
}

/**
 * Returns what a fund is and owns; undefined before its inception. The divisor of its level is given at a start only, and only while it
 * holds: not while trades change what a share is.
 */
export const fundHoldings = (ledger: Ledger, id: string, atStart = false): FundHoldings | undefined => {
  const fund = ledger.funds.get(id)
  if (fund?.inception === undefined) return undefined
  const { units, halted, inception, converted, rebalance, rebalanced } = fund
  const divisor = rebalance?.ended ? rebalanced?.divisor : undefined
  return {
    fund: id,
    units,
    halted,
    t: inception.t,
    weights: targetsOf(fund),
    shares: ledger.shares(id),
    converted,
    ...(rebalanced && { rebalancedAt: rebalanced.t }),
    ...(atStart && { earlier: { traded: rebalance !== undefined, ...(divisor !== undefined && { divisor }) } }),
    custody: new Map(ledger.holdings(custodyAccount(id))),
  }
}

const suppliesOf = ({ at = 0, supplies }: Supplies): DatedSupply[] => [...supplies].map(([asset, supply]) => ({ t: at, asset, supply }))

/** The clients whose holdings or orders an entry changes. */
const clientsOf = (entry: Entry): string[] => {
  const clients = new Set<string>()
  if (entry.kind === 'create' || entry.kind === 'redeem' || entry.kind === 'transfer') clients.add(entry.who)
  for (const { account } of entry.postings) if (account.startsWith(CLIENT)) clients.add(account.slice(CLIENT.length))
  return [...clients]
}
const CLIENT = clientAccount('')
