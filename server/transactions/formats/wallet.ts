import { NAME, NAME_FORM } from '../../../streams/lib/names.ts'
import { type Format, ignored } from '../format.ts'
import { digestOf } from '../rowIds.ts'
import type { TableRow } from '../tableRow.ts'
import { tokenAsset } from '../tokens.ts'

const KINDS = ['external', 'internal', 'erc20', 'fee']

/** Returns the asset that a row moves: a token is named by its contract, if the row says it. */
const assetOf = (row: TableRow): string => {
  const [kind, asset, contract] = [row.text('kind'), row.text('asset'), row.text('token_address')]
  return kind === 'erc20' && /^0x[0-9a-f]{40}$/i.test(contract) ? tokenAsset(asset, contract) : asset
}

/**
 * The transfers of one Ethereum wallet: `tx_hash, timestamp, kind` (external, internal, erc20, fee), `asset, signed_amount` and optionally
 * `eth_usd_price, is_error, from, to, token_address`. A transfer in becomes a deposit, one out a withdrawal, and gas a `fee` of ETH; ETH has the
 * price of the time, in dollars.
 */
export const wallet: Format = {
  name: 'wallet',
  columns: ['tx_hash', 'timestamp', 'kind', 'asset', 'signed_amount'],
  time: ['timestamp'],
  read: ([row], { quote, numbered }) => {
    const r = row!
    const [hash, kind] = [r.text('tx_hash'), r.text('kind')]
    if (!/^0x[0-9a-f]{64}$/i.test(hash)) throw r.bad('tx_hash', hash, '64 hexadecimal digits after "0x"')
    if (!KINDS.includes(kind)) throw r.bad('kind', kind, `one of ${KINDS.join(', ')}`)
    if (kind !== 'fee' && /^(1|true)$/i.test(r.text('is_error'))) throw ignored('failed, and moved nothing')
    const amount = r.required('signed_amount')
    if (amount === 0n) throw ignored('moved nothing')
    const out = amount < 0n
    const what = [kind, r.text('token_address'), r.text('from'), r.text('to'), r.text('signed_amount')].join(',').toLowerCase()
    const qty = out ? -amount : amount
    const asset = assetOf(r)
    const price = asset === 'ETH' && quote === 'USD' ? r.amount('eth_usd_price') : undefined
    if (!NAME.test(asset)) throw r.bad('asset', asset, NAME_FORM)
    return {
      booked: [
        {
          t: r.time('timestamp'),
          type: kind === 'fee' ? 'fee' : out ? 'withdraw' : 'deposit',
          asset,
          qty,
          price,
          fee: 0n,
          cost: undefined,
          account: r.text(out ? 'from' : 'to'),
          toAccount: '',
          id: numbered(`${hash.toLowerCase()}:${digestOf(what)}`),
        },
      ],
    }
  },
}
