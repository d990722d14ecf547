import type { Format } from '../format.ts'
import { binanceMoves, binanceStatement, binanceTrades, binanceTradesOfOld } from './binance.ts'
import { bitstamp } from './bitstamp.ts'
import { bybitFunding, bybitSpot, bybitUnified } from './bybit.ts'
import { coinbase } from './coinbase.ts'
import { cointracking } from './cointracking.ts'
import { etherscanInternal, etherscanTokens, etherscanTransactions } from './etherscan.ts'
import { koinly } from './koinly.ts'
import { krakenLedgers, krakenTrades } from './kraken.ts'
import { kucoinMoves, kucoinOrders, kucoinTrades } from './kucoin.ts'
import { own } from './own.ts'
import { rotkiEvents, rotkiTrades, rotkiTradesOfOld } from './rotki.ts'
import { wallet } from './wallet.ts'

/** Every format that is read. If a header has the columns of several, the one with the most columns is meant. */
export const FORMATS: readonly Format[] = [
  own,
  wallet,
  etherscanTransactions,
  etherscanInternal,
  etherscanTokens,
  binanceStatement,
  binanceTrades,
  binanceTradesOfOld,
  binanceMoves,
  coinbase,
  krakenLedgers,
  krakenTrades,
  bitstamp,
  kucoinTrades,
  kucoinOrders,
  kucoinMoves,
  bybitUnified,
  bybitFunding,
  bybitSpot,
  koinly,
  cointracking,
  rotkiTrades,
  rotkiTradesOfOld,
  rotkiEvents,
]
