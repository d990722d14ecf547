import type { Amount, Deal } from '../deal.ts'
import { exportTime } from '../exportTime.ts'
import { type Format, ignored } from '../format.ts'
import type { TableRow } from '../tableRow.ts'
import { isPurchase, pairOf } from './pairs.ts'

/** What an operation of the statement is: one side of a trade, all sides of a conversion, or a move by itself. */
type Kind = 'trade' | 'conversion' | 'deposit' | 'withdraw' | 'income' | 'gift' | 'own'

const operations = (kind: Kind, ...names: readonly string[]): [string, Kind][] => names.map(name => [name.toLowerCase(), kind])

/** The operations of the statement, in lower case. */
const OPERATIONS: ReadonlyMap<string, Kind> = new Map([
  ...operations('trade', 'Buy', 'Sell', 'Fee', 'Transaction Related', 'Transaction Buy', 'Transaction Sold', 'Transaction Spend'),
  ...operations('trade', 'Transaction Revenue', 'Transaction Fee'),
  ...operations(
    'conversion',
    'Binance Convert',
    'Convert',
    'Large OTC trading',
    'Small assets exchange BNB',
    'Small Assets Exchange BNB (Spot)',
  ),
  ...operations('conversion', 'BNB Fee Deduction', 'ETH 2.0 Staking', 'Stablecoins Auto-Conversion', 'Buy Crypto With Card'),
  ...operations('conversion', 'Token Swap - Redenomination/Rebranding', 'Leverage Token Redemption', 'Buy Crypto With Fiat'),
  ...operations('deposit', 'Deposit', 'Fiat Deposit', 'Crypto Deposit', 'Fiat OCBS - Add Fiat and Fees', 'P2P Trading', 'Buy Crypto'),
  ...operations('withdraw', 'Withdraw', 'Withdrawal', 'Fiat Withdraw', 'Fiat Withdrawal', 'Crypto Withdrawal', 'Send'),
  ...operations(
    'income',
    'Commission History',
    'Commission Rebate',
    'Commission Fee Shared With You',
    'Referral Kickback',
    'Referral Commission',
  ),
  ...operations('income', 'Referrer rebates', 'Distribution', 'Airdrop Assets', 'Cash Voucher Distribution', 'Mission Reward Distribution'),
  ...operations('income', 'Campaign Related Reward', 'Simple Earn Flexible Airdrop', 'HODLer Airdrops Distribution', 'Megadrop Rewards'),
  ...operations('income', 'Launchpool Airdrop', 'Launchpool Airdrop - System Distribution', 'Launchpool Interest', 'Super BNB Mining'),
  ...operations('income', 'Launchpool Airdrop - User Claim Distribution', 'Launchpool Earnings Withdrawal', 'Pool Distribution'),
  ...operations('income', 'Savings Interest', 'Savings Distribution', 'Simple Earn Flexible Interest', 'Simple Earn Locked Rewards'),
  ...operations('income', 'POS savings interest', 'Staking Rewards', 'ETH 2.0 Staking Rewards', 'BNB Vault Rewards', 'Liquid Swap rewards'),
  ...operations('income', 'Swap Farming Rewards', 'DOT Slot Auction Rewards', 'Binance Card Cashback', 'Rewards Distribution'),
  ...operations('gift', 'Crypto Box'),
  ...operations('own', 'transfer_in', 'transfer_out', 'Main and Funding Account Transfer', 'Transfer Between Main and Funding Wallet'),
  ...operations('own', 'Transfer Between Spot Account and UM Futures Account', 'Transfer Between Spot Account and CM Futures Account'),
  ...operations('own', 'Transfer Between Main Account/Futures and Margin Account', 'Transfer Between Main And Mining Account'),
  ...operations('own', 'Transfer Between Main Account And Mining Account', 'POS savings purchase', 'POS savings redemption'),
  ...operations('own', 'Savings purchase', 'Savings Principal redemption', 'Staking Purchase', 'Staking Redemption'),
  ...operations('own', 'Simple Earn Flexible Subscription', 'Simple Earn Flexible Redemption', 'Simple Earn Locked Subscription'),
  ...operations('own', 'Simple Earn Locked Redemption', 'Launchpool Subscription/Redemption', 'Launchpad Subscribe'),
])

/** Accounts in which coins are owned; the others hold positions. */
const OWNING = ['spot', 'earn', 'pool', 'savings', 'funding', 'card', 'p2p']
const FEES = ['fee', 'transaction fee']
const OWN_MOVE = 'moved between own wallets'

const operationOf = (row: TableRow): string => row.text('Operation').toLowerCase()

/** Returns a time of the statement; in newer ones the year has two digits. */
const timeOf = (row: TableRow, ...names: readonly string[]): number => {
  const text = row.text(...names)
  return /^\d\d-\d\d-\d\d /.test(text) ? exportTime(`20${text}`) : row.time(...names)
}

/** Returns the kind of a row of the statement. Throws BadRow if its operation is not known, or is one of a position. */
const kindOf = (row: TableRow): Kind => {
  const kind = OPERATIONS.get(operationOf(row))
  if (kind === 'own') throw ignored(OWN_MOVE)
  const account = row.text('Account')
  if (!OWNING.includes(account.toLowerCase())) throw row.bad('Account', account, 'spot or funding: margin and futures are not read')
  if (kind === undefined) throw row.bad('Operation', row.text('Operation'), 'one that is known')
  return kind
}

/** The transaction history ("generate all statements"): a row for each change of a coin; those of one second and one kind are one trade. */
export const binanceStatement: Format = {
  name: 'binance-statement',
  columns: [['UTC_Time', 'Time'], 'Account', 'Operation', 'Coin', 'Change'],
  time: ['UTC_Time', 'Time'],
  keyOf: row => {
    const kind = kindOf(row)
    const t = timeOf(row, 'UTC_Time', 'Time')
    if (kind === 'trade') return `${t} ${row.text('Account')}`
    return kind === 'conversion' ? `${t} ${operationOf(row)}` : `line ${row.line}`
  },
  read: rows => {
    const first = rows[0]!
    const kind = kindOf(first) as Exclude<Kind, 'own'>
    const t = timeOf(first, 'UTC_Time', 'Time')
    const changes = rows.map(row => ({ fee: FEES.includes(operationOf(row)), asset: row.text('Coin'), amount: row.required('Change') }))
    const sides = {
      received: changes.filter(({ fee, amount }) => !fee && amount > 0n),
      given: changes.filter(({ fee, amount }) => !fee && amount < 0n).map(negated),
      fees: changes.filter(({ fee }) => fee).map(negated),
    }
    if (kind === 'trade' || kind === 'conversion') return [{ t, kind: 'trade', ...sides, id: '' }]
    const out = kind === 'withdraw'
    if ((out ? sides.received : kind === 'gift' ? [] : sides.given).length > 0)
      throw first.bad('Change', first.text('Change'), out ? 'a negative amount' : 'a positive amount')
    return [{ t, kind, ...sides, id: '' }]
  },
}

const negated = ({ asset, amount }: Amount): Amount => ({ asset, amount: -amount })

/** The history of spot trades: "0.05BTC" for "2999.7USDT". */
export const binanceTrades: Format = {
  name: 'binance-trades',
  columns: ['Date', 'Pair', 'Side', 'Price', 'Executed', 'Amount', 'Fee'],
  time: ['Date'],
  read: ([row]) => {
    const r = row!
    const pair = r.text('Pair')
    const [executed, amount] = [r.text('Executed'), r.text('Amount')]
    // Some coins begin with a digit (1INCH): the pair says where the number ends.
    const at = [...pair].findIndex((_, i) => i > 0 && executed.endsWith(pair.slice(0, i)) && amount.endsWith(pair.slice(i)))
    if (at < 0) throw r.bad('Pair', pair, `the coins of ${executed} and ${amount}`)
    const [base, quote] = [pair.slice(0, at), pair.slice(at)]
    const fee = r.text('Fee')
    const feeCoin = [base, quote].find(coin => fee.endsWith(coin))
    return [
      sidesOf(
        r,
        { asset: base, amount: r.amountBefore('Executed', base) },
        { asset: quote, amount: r.amountBefore('Amount', quote) },
        feeCoin === undefined ? withUnit(r) : [{ asset: feeCoin, amount: r.amountBefore('Fee', feeCoin) }],
        isPurchase(r, 'Side'),
      ),
    ]
  },
}

const withUnit = (row: TableRow): Amount[] => {
  const fee = row.withUnit('Fee')
  return fee === undefined ? [] : [{ asset: fee.unit, amount: fee.amount }]
}

const sidesOf = (row: TableRow, base: Amount, quote: Amount, fees: readonly Amount[], purchase: boolean): Deal => ({
  t: timeOf(row, 'Date'),
  kind: 'trade',
  received: [purchase ? base : quote],
  given: [purchase ? quote : base],
  fees,
  id: '',
})

/** The history of spot trades as it was until 2021. */
export const binanceTradesOfOld: Format = {
  name: 'binance-trades',
  columns: ['Date', 'Market', 'Type', 'Price', 'Amount', 'Total', 'Fee', 'Fee Coin'],
  time: ['Date'],
  read: ([row]) => {
    const r = row!
    const { base, quote } = pairOf(r, 'binance', 'Market')
    const fees = [{ asset: r.text('Fee Coin'), amount: r.amount('Fee') ?? 0n }].filter(({ amount }) => amount !== 0n)
    const amounts = [
      { asset: base, amount: r.required('Amount') },
      { asset: quote, amount: r.required('Total') },
    ] as const
    return [sidesOf(r, ...amounts, fees, isPurchase(r, 'Type'))]
  },
}

/** The histories of deposits and of withdrawals, which a fee or the file's name tells apart. */
export const binanceMoves: Format = {
  name: 'binance-moves',
  columns: ['Date', 'Coin', 'Amount', 'Address', 'TXID', 'Status'],
  time: ['Date'],
  read: ([row], { file }) => {
    const r = row!
    if (!/^(completed|successful|success)$/i.test(r.text('Status')))
      throw ignored(`is ${r.text('Status') || 'of no status'}, not completed`)
    const out = r.has('Fee') || /withdraw/i.test(file)
    if (!out && r.has('TransactionFee') && !/deposit/i.test(file))
      throw r.bad(
        'TransactionFee',
        r.text('TransactionFee'),
        'a file with "deposit" or "withdraw" in its name, which alone says what it is',
      )
    const asset = r.text('Coin')
    const moved = [{ asset, amount: r.required('Amount') }]
    const fees = [{ asset, amount: r.amount('Fee', 'TransactionFee') ?? 0n }]
    const id = r.text('TXID')
    return [
      {
        t: timeOf(r, 'Date'),
        kind: out ? 'withdraw' : 'deposit',
        ...(out ? { given: moved } : { received: moved }),
        fees,
        id: id && `binance:${id}:${asset}`,
      },
    ]
  },
}
