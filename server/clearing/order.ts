import { fundOfShares } from '../../streams/ledger/accounts.ts'
import { writeLeg } from '../../streams/ledger/amounts.ts'
import { type Entry, isOrder, type Shortfall } from '../../streams/ledger/entry.ts'
import { outcomeText, writeShortfall } from '../../streams/ledger/entryText.ts'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import type { OrderOutcome } from './port.ts'

/** Returns what came of an order. Of a creation or redemption, `text` is its `outcomeText`, if the caller has it already. */
export const outcomeOf = (entry: Entry, text?: string): OrderOutcome => {
  const order = orderText(entry, text)
  return 'code' in entry && entry.code !== undefined ? { order, code: entry.code } : { order }
}

/** Returns the order as JSON text. Of a creation or redemption, `outcome` is its `outcomeText`, if the caller has it already. */
export const orderText = (entry: Entry, outcome?: string): string => {
  if (!isOrder(entry)) return JSON.stringify(orderOf(entry))
  const { key, kind, fund, amount, seq, t } = entry
  const head = `{"key":${JSON.stringify(key)},"side":"${kind}","fund":"${fund}","amount":"${formatDecimal(amount)}"`
  return `${head},${outcome ?? outcomeText(entry)},"seq":${seq},"t":${t}}`
}

const lacking = (shortfall: Shortfall | undefined): object => (shortfall === undefined ? {} : { shortfall: writeShortfall(shortfall) })

/** Returns the order of the protocol for an entry, amounts as decimal strings. */
export const orderOf = (entry: Entry): Record<string, unknown> => {
  const { seq, t } = entry
  switch (entry.kind) {
    case 'create':
    case 'redeem': {
      const { key, kind: side, fund, amount, status, code, shortfall, legs, fee, nav } = entry
      return {
        key,
        side,
        fund,
        amount: formatDecimal(amount),
        status,
        ...(code && { code }),
        ...lacking(shortfall),
        legs: legs.map(writeLeg),
        ...(fee && { fee: writeLeg(fee) }),
        ...(nav !== undefined && { nav }),
        seq,
        t,
      }
    }
    case 'transfer': {
      const { key, to, asset, amount, status, code, shortfall } = entry
      const fund = fundOfShares(asset)
      const what = fund === undefined ? { asset } : { fund }
      const legs = fund === undefined ? [writeLeg({ asset, amount })] : []
      return {
        key,
        side: 'transfer',
        to,
        ...what,
        amount: formatDecimal(amount),
        status,
        ...(code && { code }),
        ...lacking(shortfall),
        legs,
        seq,
        t,
      }
    }
    case 'deposit':
    case 'withdrawal': {
      const { key, kind: side, client: username, asset, amount, status, code, shortfall } = entry
      return { key, side, username, asset, amount: formatDecimal(amount), status, ...(code && { code }), ...lacking(shortfall), seq, t }
    }
    case 'record':
      return { accepted: entry.transactions.length, seq, t }
    case 'supplies':
      return { accepted: entry.supplies.size, seq, t }
    case 'asset':
      return { accepted: 1, seq, t }
    case 'register':
    case 'define':
    case 'inception':
    case 'halt':
    case 'resume':
    case 'rebalance':
    case 'trade':
    case 'rebalanced':
    case 'conversion':
      return { kind: entry.kind, seq, t }
  }
}
