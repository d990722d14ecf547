import { fundOfShares } from '../../streams/ledger/accounts.ts'
import type { Leg } from '../../streams/ledger/amounts.ts'
import { type Entry, isOrder } from '../../streams/ledger/entry.ts'
import { outcomeText } from '../../streams/ledger/entryText.ts'
import { formatDecimal } from '../../streams/lib/decimal.ts'

const legJson = ({ asset, amount }: Leg): { asset: string; amount: string } => ({ asset, amount: formatDecimal(amount) })

/** The order as JSON text. Of a creation or redemption, `outcome` is its `outcomeText`, where that is there already. */
export const orderText = (entry: Entry, outcome?: string): string => {
  if (!isOrder(entry)) return JSON.stringify(orderOf(entry))
  const { key, kind, fund, amount, seq, t } = entry
  const head = `{"key":${JSON.stringify(key)},"side":"${kind}","fund":"${fund}","amount":"${formatDecimal(amount)}"`
  return `${head},${outcome ?? outcomeText(entry)},"seq":${seq},"t":${t}}`
}

/** An entry as whoever asked for it is told of it: the order of the protocol, amounts as decimal strings. */
export const orderOf = (entry: Entry): Record<string, unknown> => {
  const { seq, t } = entry
  switch (entry.kind) {
    case 'create':
    case 'redeem': {
      const { key, kind: side, fund, amount, status, code, legs, fee, nav } = entry
      return {
        key,
        side,
        fund,
        amount: formatDecimal(amount),
        status,
        ...(code && { code }),
        legs: legs.map(legJson),
        ...(fee && { fee: legJson(fee) }),
        ...(nav !== undefined && { nav }),
        seq,
        t,
      }
    }
    case 'transfer': {
      const { key, to, asset, amount, status, code } = entry
      const fund = fundOfShares(asset)
      const what = fund === undefined ? { asset } : { fund }
      const legs = fund === undefined ? [legJson({ asset, amount })] : []
      return { key, side: 'transfer', to, ...what, amount: formatDecimal(amount), status, ...(code && { code }), legs, seq, t }
    }
    case 'deposit':
    case 'withdrawal': {
      const { key, kind: side, client: username, asset, amount, status, code } = entry
      return { key, side, username, asset, amount: formatDecimal(amount), status, ...(code && { code }), seq, t }
    }
    case 'record':
      return { accepted: entry.transactions.length, seq, t }
    case 'supplies':
      return { accepted: entry.supplies.size, seq, t }
    default:
      return { kind: entry.kind, seq, t }
  }
}
