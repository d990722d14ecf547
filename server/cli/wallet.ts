import { BadRow, type Transaction } from '../../streams/pnl/transaction.ts'
import { Header } from '../feeds/replay/header.ts'
import { digestOf, type RowIds, readRow } from '../gateway/api/transactionRows.ts'

/** Returns 5.2411E-14, as small amounts are exported, as a plain decimal; any other text as it is. */
const plain = (text: string): string => {
  const [, whole, fraction = '', exponent] = /^(\d+)(?:\.(\d+))?e-(\d\d?)$/i.exec(text) ?? []
  if (whole === undefined) return text
  const places = Number(exponent)
  const digits = whole.padStart(places + 1, '0')
  return `${digits.slice(0, -places || undefined)}.${digits.slice(digits.length - places)}${fraction}`
}

const KINDS = ['external', 'internal', 'erc20', 'fee']

/**
 * Reads the transfers of one Ethereum wallet, recognised by its header: `tx_hash, timestamp` (s), `kind` (external, internal, erc20, fee),
 * `asset, signed_amount` and optionally `eth_usd_price, is_error, from, to, token_address`. A transfer in becomes a deposit, one out a
 * withdrawal, and gas a `fee` of ETH; ETH has the price of the time, in dollars. Undefined if the header is another's.
 */
export const walletReader = (header: string, ids: RowIds): ((fields: readonly string[]) => Transaction) | undefined => {
  const columns = new Header(header)
  const at = (name: string): number => columns.column(name)
  if (['tx_hash', 'timestamp', 'kind', 'asset', 'signed_amount'].some(name => at(name) < 0)) return undefined
  return fields => {
    const field = (name: string): string => (fields[at(name)] ?? '').trim()
    const [hash, kind, asset, amount] = [field('tx_hash'), field('kind'), field('asset'), field('signed_amount')]
    if (!/^0x[0-9a-f]{64}$/i.test(hash)) throw new BadRow(`tx_hash: found "${hash}", expected 64 hexadecimal digits after "0x"`)
    if (!KINDS.includes(kind)) throw new BadRow(`kind: found "${kind}", expected one of ${KINDS.join(', ')}`)
    if (kind !== 'fee' && /^(1|true)$/i.test(field('is_error')))
      throw new BadRow(`is_error: found "${field('is_error')}": nothing was moved`)
    if (!/^\d{9,11}$/.test(field('timestamp')))
      throw new BadRow(`timestamp: found "${field('timestamp')}", expected seconds since the epoch`)
    const out = amount.startsWith('-')
    const what = [kind, field('token_address'), field('from'), field('to'), amount].join(',').toLowerCase()
    return readRow({
      t: `${field('timestamp')}000`,
      type: kind === 'fee' ? 'fee' : out ? 'withdraw' : 'deposit',
      asset,
      qty: plain(out ? amount.slice(1) : amount),
      ...(asset === 'ETH' && { price: field('eth_usd_price') }),
      account: field(out ? 'from' : 'to'),
      id: ids.numbered(`${hash.toLowerCase()}:${digestOf(what)}`),
    })
  }
}
