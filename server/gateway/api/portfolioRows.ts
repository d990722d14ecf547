import { fromNumber } from '../../../streams/lib/decimal.ts'
import type { PortfolioSpec } from '../../../streams/pnl/portfolioSpec.ts'
import type { Transaction } from '../../../streams/pnl/transaction.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { GatewayPort } from '../../clearing/gatewayPort.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'
import { otherContents } from '../../transactions/checkedRow.ts'
import { authorOf, execute } from './execute.ts'
import type { RowPrices } from './rowPrices.ts'
import type { RefusedRow, TransactionRows } from './transactionRows.ts'

/** What rows of portfolios need. */
export interface PortfolioRowsOptions {
  readonly clearing: GatewayPort
  readonly access: Access
  readonly portfolios: ReadonlyMap<string, PortfolioSpec>
  readonly prices: RowPrices
}

/** What became of the rows of a request. */
export interface RecordAnswer {
  readonly accepted: number
  /** Rows whose id the portfolio knew. */
  readonly known: number
  readonly refused: readonly RefusedRow[]
}

/** The same, and which rows are known. */
export interface DetailedAnswer extends RecordAnswer {
  readonly knownRows: readonly number[]
}

/** Returns an answer without the list of known rows. */
export const withoutRows = ({ accepted, known, refused }: DetailedAnswer): RecordAnswer => ({ accepted, known, refused })

/** What the journal says of the rows of a command, those that are not new by their place in it. */
interface Recorded {
  readonly accepted: number
  readonly known: readonly number[]
  readonly differing: readonly number[]
}

/** Rows that go into a portfolio at run time: the same for the websocket and for HTTP. */
export class PortfolioRows {
  private readonly options: PortfolioRowsOptions

  constructor(options: PortfolioRowsOptions) {
    this.options = options
  }

  /**
   * Puts rows into a portfolio, each id once for ever. For its owner and operators, and `read` is called only for them. A row without
   * a price gets the market's of its time, if there is one.
   */
  async record(who: Principal, portfolio: string, read: () => TransactionRows | Promise<TransactionRows>): Promise<DetailedAnswer> {
    const { access, clearing, portfolios } = this.options
    authorize(access, who, { record: portfolio })
    const spec = portfolios.get(portfolio)
    if (spec === undefined) throw new ProtocolError('not_found', `there is no portfolio "${portfolio}"`)
    const { good, refused } = await read()
    const transactions = await this.priced(
      good.map(({ tx }) => tx),
      spec.quote,
    )
    const unpriced = new Set(good.flatMap(({ tx }, i) => (tx.price === transactions[i]!.price ? [] : [tx.id])))
    const done = await execute(clearing, { kind: 'record', portfolio, transactions, unpriced }, authorOf(who))
    const { accepted, known, differing } = JSON.parse(done) as Recorded
    const others = differing.map(i => ({ row: good[i]!.row, why: otherContents(good[i]!.tx.id) }))
    return {
      accepted,
      known: known.length,
      refused: [...refused, ...others].sort((a, b) => a.row - b.row),
      knownRows: known.map(i => good[i]!.row),
    }
  }

  private async priced(rows: readonly Transaction[], quote: string): Promise<Transaction[]> {
    const needsPrice = ({ price, cost, type, asset }: Transaction): boolean =>
      price === undefined && cost === undefined && type !== 'transfer' && asset !== quote
    const priceless = rows.filter(needsPrice)
    const prices = new Map<string, (t: number) => number | undefined>()
    for (const asset of new Set(priceless.map(({ asset }) => asset))) {
      const times = priceless.filter(tx => tx.asset === asset).map(({ t }) => t)
      prices.set(asset, await this.options.prices(`${asset}-${quote}`, times))
    }
    return rows.map(tx => (needsPrice(tx) ? { ...tx, price: fromNumber(prices.get(tx.asset)!(tx.t) ?? Number.NaN) } : tx))
  }
}
