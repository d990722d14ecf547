import { describe, expect, it } from 'vitest'
import { formatDecimal, parseNumber } from '../../../streams/lib/decimal.ts'
import { writeTransaction } from '../../../streams/pnl/transaction.ts'
import { holdings, readings } from '../test/readings.ts'

/** Small files of the shape of each maker's export, and what is held after them. */

/** Adds a column up by the asset in another, without anything of the readers: `+` of rows, or `-` for a fee column. */
const summed = (text: string, ...columns: readonly (readonly [asset: number, amount: number, sign?: 1 | -1])[]): Record<string, string> => {
  const sums = new Map<string, bigint>()
  for (const line of text.trim().split('\n').slice(1)) {
    const fields = line.split(',').map(field => field.replaceAll('"', ''))
    for (const [asset, amount, sign = 1] of columns) {
      const value = parseNumber(fields[amount] || '0')!
      sums.set(fields[asset]!, (sums.get(fields[asset]!) ?? 0n) + BigInt(sign) * value)
    }
  }
  return Object.fromEntries(
    [...sums].filter(([asset, sum]) => asset !== '' && sum !== 0n).map(([asset, sum]) => [asset, formatDecimal(sum)]),
  )
}

interface Export {
  readonly text: string
  readonly quote?: string
  readonly file?: string
  /** What is held at the end. */
  readonly held: Record<string, string>
  /** Lines that are refused and ignored, with a part of the reason. */
  readonly refused?: readonly [line: number, why: string][]
  readonly ignored?: readonly [line: number, why: string][]
}

const STATEMENT = `User_ID,UTC_Time,Account,Operation,Coin,Change,Remark
1,2024-03-01 10:00:00,Spot,Deposit,USDT,10000,
1,2024-03-01 10:00:05,Spot,Buy,BTC,0.1,
1,2024-03-01 10:00:05,Spot,Fee,BNB,-0.0005,
1,2024-03-01 10:00:05,Spot,Transaction Related,USDT,-6000,
1,2024-03-01 10:00:05,Spot,Buy,BTC,0.05,
1,2024-03-01 10:00:05,Spot,Transaction Related,USDT,-3000,
1,2024-03-01 10:00:05,Spot,Fee,BNB,-3E-05,
1,2024-03-02 10:00:00,Spot,Transaction Sold,BTC,-0.02,
1,2024-03-02 10:00:00,Spot,Transaction Revenue,USDT,1300,
1,2024-03-02 10:00:00,Spot,Transaction Fee,USDT,-1.3,
1,2024-03-03 10:00:00,Spot,Small assets exchange BNB,SHIB,-5,
1,2024-03-03 10:00:00,Spot,Small assets exchange BNB,DOGE,-7,
1,2024-03-03 10:00:00,Spot,Small assets exchange BNB,BNB,0.01,
1,2024-03-04 10:00:00,Spot,ETH 2.0 Staking,ETH,-1,
1,2024-03-04 10:00:00,Spot,ETH 2.0 Staking,BETH,1,
1,2024-03-05 10:00:00,Earn,Simple Earn Flexible Interest,USDT,0.5,
1,2024-03-06 10:00:00,Spot,Withdraw,BTC,-0.01,Withdraw fee is included
1,2024-03-07 10:00:00,Spot,Commission Rebate,BNB,0.001,
`

const EXPORTS: Readonly<Record<string, Export>> = {
  'Binance, transaction history': { quote: 'USDT', text: STATEMENT, held: summed(STATEMENT, [4, 5]) },
  'Binance, transaction history with what is not of spot': {
    quote: 'USDT',
    text: `"User ID","Time","Account","Operation","Coin","Change","Remark"
"1","24-03-01 10:00:00","Spot","Deposit","USDT","100",""
"1","24-03-01 10:00:01","Spot","Transfer Between Spot Account and UM Futures Account","USDT","-50",""
"1","24-03-01 10:00:01","USD-MFutures","Transfer Between Spot Account and UM Futures Account","USDT","50",""
"1","24-03-01 10:00:02","USD-MFutures","Realized Profit and Loss","USDT","9",""
"1","24-03-01 10:00:03","Spot","Abracadabra","ETH","-15",""
"1","","Spot","Withdraw","BTC","-0.05",""
"1","24-03-01 10:00:04","Spot","Withdraw","BTC","0.05",""
"1","24-03-01 10:00:05","Spot","Buy","BTC","1",""
"1","24-03-01 10:00:05","Spot","Buy","ETH","1",""
"1","24-03-01 10:00:05","Spot","Transaction Related","USDT","-20",""
`,
    held: { USDT: '100' },
    refused: [
      [5, 'Account: found "USD-MFutures"'],
      [6, 'Operation: found "Abracadabra"'],
      [7, 'UTC_Time: found ""'],
      [8, 'a negative amount'],
      [9, 'one asset on either side'],
      [10, 'one asset on either side'],
      [11, 'one asset on either side'],
    ],
    ignored: [
      [3, 'own wallets'],
      [4, 'own wallets'],
    ],
  },
  'Binance, trade history': {
    quote: 'USDT',
    text: `"Date(UTC)","Pair","Side","Price","Executed","Amount","Fee"
"2024-03-02 10:00:00","BTCUSDT","SELL","61,234.50","0.0500000000BTC","3,061.72500000USDT","3.06172500USDT"
"2024-03-01 10:00:00","1INCHUSDT","BUY","0.5","10.51INCH","5.25USDT","0.01051INCH"
"2024-03-01 09:00:00","BTCUSDT","BUY","60000","0.1BTC","6000USDT","0.004BNB"
`,
    held: { BTC: '0.05', '1INCH': '10.4895', BNB: '-0.004', USDT: '-2946.586725' },
  },
  'Binance, trade history of old': {
    text: `Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin
2020-03-01 10:00:00,ETHBTC,BUY,0.025,4,0.1,0.004,ETH
2020-03-02 10:00:00,ETHBTC,SELL,0.03,1,0.03,0.001,BNB
`,
    held: { ETH: '2.996', BTC: '-0.07', BNB: '-0.001' },
  },
  'Binance, withdrawals': {
    text: `Date(UTC+0),Coin,Network,Amount,Fee,Address,TXID,Status
24-03-01 10:00:00,BTC,BTC,0.5,0.0002,bc1q,aa,Completed
24-03-02 10:00:00,BTC,BTC,0.7,0.0002,bc1q,bb,Failed
`,
    held: { BTC: '-0.5002' },
    ignored: [[3, 'is Failed, not completed']],
  },
  'Binance, deposits that only the name of the file shows': {
    file: 'Deposit History.csv',
    text: `Date(UTC),Coin,Network,Amount,TransactionFee,Address,TXID,SourceAddress,PaymentID,Status
2022-03-01 10:00:00,ETH,ETH,2,0,0xab,cc,,,Completed
`,
    held: { ETH: '2' },
  },
  Coinbase: {
    text: `You can use this transaction report to inform your likely tax obligations.

Transactions
User,Ann,0123
ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,Total (inclusive of fees and/or spread),Fees and/or Spread,Notes
6,2024-03-06 10:00:00 UTC,Retail Staking Transfer,ETH,-0.1,USD,$3000.00,,,,
5,2024-03-05 10:00:00 UTC,Advanced Trade Sell,ETH,-0.5,USD,"$3,000.00","$1,500.00","$1,497.00",$3.00,Sold 0.5 ETH for 1497 USDC on ETH-USDC at 3000 USDC/ETH
4,2024-03-04 10:00:00 UTC,Send,BTC,-0.01,USD,"$60,000.00",-$600.00,-$600.00,$0.00,Sent 0.01 BTC
3,2024-03-03 10:00:00 UTC,Convert,BTC,-0.02,USD,"$60,000.00","$1,200.00","$1,190.00",$10.00,Converted 0.02 BTC to 0.4 ETH
2,2024-03-02 10:00:00 UTC,Staking Income,ETH,0.001,USD,"$3,000.00",$3.00,$3.00,$0.00,
1,2024-03-01 10:00:00 UTC,Buy,BTC,0.1,USD,"$60,000.00","$6,000.00","$6,089.42",$89.42,"Bought 0.1 BTC for 6,089.42 USD"
0,2024-02-28 10:00:00 UTC,Deposit,USD,10000,USD,$1.00,"$10,000.00","$10,000.00",$0.00,
`,
    held: { BTC: '0.07', ETH: '-0.099', USDC: '1497', USD: '3910.58' },
    ignored: [[6, 'own wallets']],
  },
  'Coinbase, of former years': {
    text: `Timestamp,Transaction Type,Asset,Quantity Transacted,EUR Spot Price at Transaction,EUR Subtotal,EUR Total (inclusive of fees),EUR Fees,Notes
2020-03-01T10:00:00Z,Buy,BTC,0.1,8000,800,811.92,11.92,Bought 0.1000 BTC for €811.92 EUR
2020-03-02T10:00:00Z,Receive,BTC,0.2,8000,,,,Received 0.2000 BTC
`,
    quote: 'EUR',
    held: { BTC: '0.3', EUR: '-811.92' },
  },
  'Kraken, ledgers': {
    text: `"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"
"","R1","2024-03-01 09:00:00","deposit","","currency","ZUSD",10000,0,
"L1","R1","2024-03-01 09:00:01","deposit","","currency","ZUSD",10000,5,9995
"L2","T1","2024-03-01 10:00:00.1234","trade","","currency","ZUSD",-6000,9.6,3985.4
"L3","T1","2024-03-01 10:00:00.1234","trade","","currency","XXBT",0.1,0,0.1
"L4","T2","2024-03-01 11:00:00","spend","","currency","ZUSD",-300,4.5,3680.9
"L5","T2","2024-03-01 11:00:00","receive","","currency","XETH",0.1,0,0.1
"L6","S1","2024-03-02 10:00:00","transfer","spottostaking","currency","DOT",-10,0,0
"L7","S2","2024-03-02 10:00:05","transfer","stakingfromspot","currency","DOT28.S",10,0,10
"L8","S3","2024-03-03 10:00:00","staking","","currency","ETH2",0.001,0,0.001
"L9","S4","2024-03-03 10:00:00","earn","reward","currency","DOT.F",0.1,0.02,0.1
"L10","S5","2024-03-03 11:00:00","earn","autoallocation","currency","DOT.F",0.08,0,0.18
"L11","M1","2024-03-04 10:00:00","margin","","currency","ZUSD",-12,1,3667
"L12","W1","2024-03-05 10:00:00","withdrawal","","currency","XXBT",-0.05,0.0005,0.0495
"L13","X1","2024-03-06 10:00:00","receive","","currency","XETH",1,0,1
`,
    held: { USD: '3680.9', BTC: '0.0495', ETH: '0.101', DOT: '0.08' },
    refused: [
      [13, 'margin trades are not read'],
      [15, 'expected both sides of a trade'],
    ],
    ignored: [
      [2, 'not settled yet'],
      [8, 'own wallets'],
      [9, 'own wallets'],
      [12, 'own wallets'],
    ],
  },
  'Kraken, trades': {
    text: `"txid","ordertxid","pair","time","type","ordertype","price","cost","fee","vol","margin","misc","ledgers"
"T1","O1","XXBTZUSD","2024-03-01 10:00:00.1234","buy","limit",60000,6000,9.6,0.1,0,"","L2,L3"
"T2","O2","ETH/USD","2024-03-01 11:00:00","sell","limit",3000,300,0.48,0.1,0,"",""
"T3","O3","XETHXXBT","2024-03-01 12:00:00","buy","limit",0.05,0.05,0.0001,1,0,"",""
"T4","O4","XXBTZUSD","2024-03-01 13:00:00","buy","limit",60000,6000,9.6,0.1,1200,"",""
`,
    held: { BTC: '0.0499', ETH: '0.9', USD: '-5710.08' },
    refused: [[5, 'margin trades are not read']],
  },
  Bitstamp: {
    text: `ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,Fee currency,Order ID
1,Main Account,Deposit,,2024-03-01T09:00:00Z,5000,USD,,,,,,,
2,Main Account,Market,Buy,2024-03-01T10:00:00Z,0.05,BTC,3000,USD,60000,USD,7.5,USD,77
3,Main Account,Market,Sell,2024-03-02T10:00:00Z,0.01,BTC,650,USD,65000,USD,-0.5,USD,78
4,Main Account,Staking reward,,2024-03-03T10:00:00Z,0.002,ETH2R,,,,,,,
5,Main Account,Withdrawal,,2024-03-04T10:00:00Z,0.02,BTC,,,,,0.0001,BTC,
6,Main Account,Sub Account Transfer,,2024-03-04T11:00:00Z,0.001,BTC,,,,,,,
`,
    held: { USD: '2643', BTC: '0.0199', ETH: '0.002' },
    ignored: [[7, 'own wallets']],
  },
  'Bitstamp, of old': {
    quote: 'EUR',
    text: `Type,Datetime,Account,Amount,Value,Rate,Fee,Sub Type
Deposit,"Jan. 28, 2022, 12:13 AM",Main Account,2.00000000 ETH,,,,
Market,"Jan. 28, 2022, 01:31 PM",Main Account,1.00000000 ETH,2214.01 EUR,2214.01 EUR,10.87005 EUR,Sell
Withdrawal,"Jan. 30, 2022, 11:40 AM",Main Account,2000.00 EUR,,,3.00 EUR,
`,
    held: { ETH: '1', EUR: '200.13995' },
  },
  'KuCoin, trades': {
    quote: 'USDT',
    text: `tradeCreatedAt,orderId,symbol,side,price,size,funds,fee,liquidity,feeCurrency,orderType
2024-03-01 18:00:00,o1,BTC-USDT,buy,60000,0.1,6000,6,taker,USDT,limit
2024-03-02 18:00:00,o2,BTC-USDT,sell,65000,0.05,3250,0.01,maker,KCS,limit
`,
    held: { BTC: '0.05', USDT: '-2756', KCS: '-0.01' },
  },
  'KuCoin, filled orders': {
    quote: 'USDT',
    text: `UID,Account Type,Order ID,Order Time(UTC+02:00),Symbol,Side,Order Type,Order Price,Order Amount,Avg. Filled Price,Filled Amount,Filled Volume,Filled Volume (USDT),Filled Time(UTC+02:00),Fee,Fee Currency,Tax,Status
****1,mainAccount,o1,2024-03-01 12:00:00,ETH-USDT,BUY,LIMIT,3000,2,3000,2,6000,6000,2024-03-01 12:00:01,6,USDT,,deal
****1,mainAccount,o2,2024-03-01 13:00:00,ETH-USDT,SELL,LIMIT,3500,2,0,0,0,0,2024-03-01 13:00:01,0,USDT,,cancel
`,
    held: { ETH: '2', USDT: '-6006' },
    ignored: [[3, 'was not filled']],
  },
  'KuCoin, withdrawals': {
    text: `UID,Account Type,Time(UTC+08:00),Coin,Amount,Fee,Hash,Withdrawal Address/Account,Transfer Network,Status,Remarks
****1,Main Account,2024-03-01 18:00:00,BTC,0.5,0.0005,aa,bc1q,BTC,SUCCESS,
****1,Main Account,2024-03-02 18:00:00,BTC,0.5,0.0005,bb,bc1q,BTC,FAILURE,
`,
    held: { BTC: '-0.5005' },
    ignored: [[3, 'is FAILURE']],
  },
  'Bybit, unified account': {
    quote: 'EUR',
    text: `UID: 7,Company Name: ,Country:
Uid,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,Cash Flow,Change,Wallet Balance,Action,Time(UTC)
7,EUR,BTCEUR,TRADE,SELL,1.615287,0,53842.9,0,-0.0040382175,1.615287,1.6112487825,12.1,--,2026-06-05 08:22:50
7,BTC,BTCEUR,TRADE,SELL,-0.00003,0,53842.9,0,0,-0.00003,-0.00003,0.00008,--,2026-06-05 08:22:50
7,EUR,BTCEUR,TRADE,BUY,-5,0,50000,0,0,-5,-5,0,--,2026-06-05 08:20:00
7,BTC,BTCEUR,TRADE,BUY,0.0001,0,50000,0,-0.0000005,0.0001,0.0000995,0,--,2026-06-05 08:20:00
7,EUR,BTCEUR,TRADE,BUY,-10,0,50000,0,0,-10,-10,0,--,2026-06-05 08:20:00
7,BTC,BTCEUR,TRADE,BUY,0.0002,0,50000,0,-0.000001,0.0002,0.000199,0,--,2026-06-05 08:20:00
7,USDT,ETHUSDT,TRADE,BUY,0.1,0.1,2000,0,-0.11,0,-0.11,9,--,2026-06-05 08:19:00
7,USDT,ETHUSDT,SETTLEMENT,--,0.1,0.1,2000,0.01,0,0,0.01,9,--,2026-06-05 08:18:30
7,EUR,,TRANSFER_IN,--,0,0,0,0,0,17,17,17,--,2026-06-05 08:18:00
7,EUR,,DEPOSIT,--,0,0,0,0,0,20,20,20,--,2026-06-05 08:17:00
`,
    held: { EUR: '6.6112487825', BTC: '0.0002685' },
    refused: [
      [9, 'derivatives are not read'],
      [10, 'Type: found "SETTLEMENT"'],
    ],
    ignored: [[11, 'own wallets']],
  },
  'Bybit, funding account': {
    text: `UID: 7,Company Name: ,Country:
Uid,Date & Time(UTC),Coin,QTY,Type,Account Balance,Description
7,2026-03-02 00:30:00,BTC,2.00000000000E-7,Earn,0.0000202,Easy Earn | Flexible Interest Distribution
7,2026-03-01 12:00:00,USDC,-100,Transfer out,400,Transfer to Unified Trading Account
7,2026-03-01 11:00:00,USDC,-200,Withdrawal,400,Withdrawal
7,2026-03-01 10:30:00,USDT,50,Convert,50,Convert
7,2026-03-01 10:30:00,USDC,-50,Convert,450,Convert
7,2026-03-01 10:00:00,USDC,500,Deposit,500,Deposit
`,
    held: { BTC: '0.0000002', USDC: '250', USDT: '50' },
    ignored: [[4, 'own wallets']],
  },
  'Bybit, spot orders': {
    quote: 'USDT',
    text: `Spot Pairs,Order Type,Direction,Filled Value,Filled Price,Filled Quantity,Fees,Transaction ID,Order No.,Timestamp (UTC)
ICPUSDT,MARKET,SELL,49.97,9.3228,5.36,0.04997,22,53,14:35 2024-11-16
ICPUSDT,LIMIT,BUY,80.2,8.02,10,0.01,21,52,14:00 2024-11-16
`,
    held: { ICP: '4.63', USDT: '-30.27997' },
  },
  'Koinly, report': {
    text: `Date,Type,Label,Sending Wallet,Sent Amount,Sent Currency,Sent Cost Basis,Receiving Wallet,Received Amount,Received Currency,Received Cost Basis,Fee Amount,Fee Currency,Gain (USD),Net Value (USD),Fee Value (USD),TxSrc,TxDest,TxHash,Description
2024-03-01 10:00:00 UTC,buy,,Kraken,6000,USD,,Kraken,0.1,BTC,6000,9.6,USD,,6000,9.6,,,,
2024-03-02 10:00:00 UTC,exchange,,Binance,0.05,BTC,3000,Binance,1,ETH,3100,0.001,BNB,100,3100,0.4,,,,
2024-03-03 10:00:00 UTC,crypto_deposit,staking,,,,,Wallet,0.01,ETH,30,,,,30,,,,,
2024-03-04 10:00:00 UTC,transfer,,Binance,0.5,ETH,,Wallet,0.499,ETH,,,,,,,,,,
2024-03-05 10:00:00 UTC,crypto_withdrawal,gift,Wallet,0.1,ETH,,,,,,0.002,ETH,,300,6,,,,
2024-03-06 10:00:00 UTC,crypto_withdrawal,margin_fee,Wallet,5,USDT,,,,,,,,,5,,,,,
2024-03-07 10:00:00 UTC,crypto_deposit,mystery,,,,,Wallet,1,XYZ,,,,,1,,,,,
`,
    held: { BTC: '0.05', ETH: '0.907', BNB: '-0.001', USD: '-6009.6' },
    refused: [
      [7, 'margin trades and loans are not read'],
      [8, 'Label: found "mystery"'],
    ],
  },
  'Koinly, template': {
    text: `Date;Sent Amount;Sent Currency;Received Amount;Received Currency;Fee Amount;Fee Currency;Net Worth Amount;Net Worth Currency;Label;Description;TxHash
2024-03-01 10:00:00;0,5;BTC;10,25;ETH;;;30.000,00;USD;;;
2024-03-02 10:00:00;;;100;USD;;;;;;;
`,
    held: { BTC: '-0.5', ETH: '10.25', USD: '100' },
  },
  CoinTracking: {
    quote: 'EUR',
    text: `"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"
"Other Fee","-","","0.002","BNB","","","Binance","","","24.08.2019 23:02:00"
"Trade","0.05772716","ETH","10.99","EUR","0.02","EUR","Coinbase","","","24.08.2019 23:01:59"
"Trade","0.99","BTC","500","EUR","0.01","BTC","Kraken","","","23.08.2019 23:01:59"
"Trade","1","LTC","50","EUR","0.002","BNB","Binance","","","22.08.2019 23:01:59"
"Withdrawal","-","","0.501","BTC","0.001","BTC","Kraken","","","25.08.2019 09:42:35"
"Gift/Tip","0.001","BTC","-","","","","no exchange","","","26.08.2019 10:00:10"
"Staking","1","AXS","","","","","Binance","","","05.01.2022 12:38:00"
"Derivatives / Futures Loss","-","","3","USDT","","","Binance","","","06.01.2022 12:38:00"
`,
    held: { ETH: '0.05772716', BTC: '0.49', LTC: '1', BNB: '-0.002', AXS: '1', EUR: '-560.99' },
    refused: [[9, 'Type: found "Derivatives / Futures Loss"']],
  },
  'rotki, trades': {
    text: `Location,Spend Currency,Receive Currency,Receive Amount,Spend Amount,Fee,Fee Currency,Description,Timestamp
binance,eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48,ETH,1.0000,1875.64,,,Trade USDC for ETH,1659085200000
luno,USD,BTC,0.5,10000,5.1345,USD,,1659171600000
`,
    held: { USDC: '-1875.64', ETH: '1', BTC: '0.5', USD: '-10005.1345' },
  },
  'rotki, trades of old': {
    text: `Location,Base Currency,Quote Currency,Type,Buy Amount,Sell Amount,Fee,Fee Currency,Description,Timestamp
binance,USDC,ETH,Sell,1.0000,1875.64,,,Trade USDC for ETH,2022-07-29 09:00:00
kraken,BTC,LTC,Buy,4.3241,392.8870,,,Trade LTC for BTC,2022-07-30 09:00:00
bisq,DAI,USDT,Buy,0,4576.64,5.1345,USD,,2022-08-03 09:00:00
`,
    held: { USDC: '-1875.64', ETH: '1', BTC: '4.3241', LTC: '-392.887' },
    refused: [[4, 'expected both sides of a trade']],
  },
  'rotki, events': {
    text: `Type,Location,Currency,Amount,Fee,Fee Currency,Description,Timestamp
Deposit,kucoin,EUR,1000.00,,,Deposit EUR to Kucoin,1658912400000
Withdrawal,binance,USDT,99.00,1.00,USDT,,1658998800000
Staking,luno,ETH,0.0513,,,ETH Staking reward,1659340800000
Loss,coinbase,BTC,0.0910,,,,1659430800000
Invalid,bisq,BCH,0.3456,,,,1659686400000
`,
    held: { EUR: '1000', USDT: '-100', ETH: '0.0513', BTC: '-0.091' },
    refused: [[6, 'Type: found "Invalid"']],
  },
}

/** Lines behind the header that are not blank. */
const rowsOf = (text: string, header: number): number => text.trimEnd().split('\n').slice(header).length

const byReason = (lines: readonly (readonly [number, string])[]) => [...lines].sort(([a], [b]) => a - b)

describe.each(Object.entries(EXPORTS))(
  'an export: %s',
  (_, { text, quote = 'USD', file = 'export.csv', held, refused = [], ignored = [] }) => {
    it('comes to what a sum of it gives, and accounts for every row', async () => {
      const read = await readings(text, { quote, file })
      expect(byReason(read.refused)).toEqual(refused.map(([line, why]) => [line, expect.stringContaining(why)]))
      expect(byReason(read.ignored)).toEqual(ignored.map(([line, why]) => [line, expect.stringContaining(why)]))
      expect(holdings(read.transactions, quote)).toEqual(held)
      const lines = [...read.booked, ...read.refused.map(([line]) => line), ...read.ignored.map(([line]) => line)].sort((a, b) => a - b)
      const header = lines[0]! - 1
      expect(lines).toEqual(Array.from({ length: rowsOf(text, header) }, (__, i) => header + 1 + i))
    })

    it('gives each row the same id every time, and no two the same', async () => {
      const ids = async (content: string) => (await readings(content, { quote, file })).transactions.map(({ id }) => id)
      const first = await ids(text)
      expect(new Set(first).size).toBe(first.length)
      expect(await ids(text.replaceAll('\n', '\r\n'))).toEqual(first)
      for (const id of first) expect(id).toMatch(/^[\x20-\x7e]{1,128}$/)
    })
  },
)

const rows = async (name: keyof typeof EXPORTS) => {
  const { text, quote = 'USD', file } = EXPORTS[name]!
  return (await readings(text, { quote, ...(file !== undefined && { file }) })).transactions.map(writeTransaction)
}

describe('a trade', () => {
  it('for the quote currency is a purchase or a sale for what was paid, fees in money with it and others apart', async () => {
    expect((await rows('Kraken, ledgers')).slice(1, 3)).toMatchObject([
      { type: 'buy', asset: 'BTC', qty: '0.1', cost: '6009.6', fee: '9.6', t: Date.UTC(2024, 2, 1, 10, 0, 0, 123) },
      { type: 'buy', asset: 'ETH', qty: '0.1', cost: '304.5', fee: '4.5' },
    ])
    expect((await rows('Bitstamp'))[2]).toMatchObject({ type: 'sell', asset: 'BTC', qty: '0.01', cost: '650.5', fee: '-0.5' })
    expect((await rows('Binance, transaction history')).slice(1, 3)).toMatchObject([
      { type: 'buy', asset: 'BTC', qty: '0.15', cost: '9000' },
      { type: 'fee', asset: 'BNB', qty: '0.00053' },
    ])
  })

  it('of two coins is a sale and a purchase, at the worth that the export says', async () => {
    expect((await rows('Koinly, report')).slice(1, 4)).toMatchObject([
      { type: 'sell', asset: 'BTC', qty: '0.05', cost: '3100' },
      { type: 'buy', asset: 'ETH', qty: '1', cost: '3100' },
      { type: 'fee', asset: 'BNB', qty: '0.001' },
    ])
    expect((await rows('Koinly, template'))[0]).toMatchObject({ asset: 'BTC', cost: '30000' })
  })

  it('has the time of the zone in its column, or of the exchange', async () => {
    expect((await rows('KuCoin, filled orders'))[0]).toMatchObject({ t: Date.UTC(2024, 2, 1, 10, 0, 1) })
    expect((await rows('KuCoin, trades'))[0]).toMatchObject({ t: Date.UTC(2024, 2, 1, 10) })
    expect((await rows('Bybit, spot orders'))[0]).toMatchObject({ asset: 'ICP', t: Date.UTC(2024, 10, 16, 14, 35) })
  })
})
