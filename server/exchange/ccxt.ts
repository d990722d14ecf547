import { type ChildProcess, fork } from 'node:child_process'
import type { Logger } from 'pino'
import { Subject } from 'rxjs'
import { formatDecimal, mulUp, ONE, parseDecimal } from '../../streams/lib/decimal.ts'
import { UsageError } from '../config/options.ts'
import { compiledFile } from '../lib/compiledFile.ts'
import { logError } from '../lib/errorEvents.ts'
import type { Exchange, ExchangeOrder, Report } from './exchange.ts'

/** The venue, and how ccxt and the books name things. */
export interface CcxtOptions {
  /** As ccxt calls it. */
  readonly venue: string
  /** Handed to ccxt as they are. */
  readonly options: Readonly<Record<string, unknown>>
  /** Our name of an asset → the venue's, if it has another. */
  readonly names: Readonly<Record<string, string>>
  readonly quote: string
  /** The fee of a fill if the venue does not report it, basis points. */
  readonly feeBps: number
}

/** An order as it goes over to the process: amounts as decimal strings, assets as the venue calls them. */
export interface OrderMessage {
  readonly id: string
  readonly side: 'buy' | 'sell'
  readonly symbol: string
  readonly amount: string
  readonly limit: string
}

/** A message to the process: the venue to open, or an order. */
export type ToProcess = { readonly open: Pick<CcxtOptions, 'venue' | 'options'> } | { readonly [what in Asked]?: OrderMessage }
type Asked = 'submit' | 'cancel' | 'ask'

/** A message from the process. */
export type FromProcess =
  | { readonly opened: true }
  | { readonly fatal: string }
  | { readonly warning: string; readonly order: string }
  | { readonly report: ReportMessage }

/** A report of an order, its amounts as decimal strings. */
export type ReportMessage = { readonly order: string } & (
  | { readonly kind: 'accepted' | 'unknown' }
  | { readonly kind: 'fill'; readonly id: string; readonly amount: string; readonly price: string; readonly fee: FeeMessage }
  | { readonly kind: 'rejected'; readonly why: string }
  | { readonly kind: 'done'; readonly filled: string }
)
type FeeMessage = { readonly asset: string; readonly amount: string } | undefined

/** ms between two starts of a process that ends. */
const RESTART_MS = 5_000

/**
 * A venue that ccxt knows, in a process of its own: whatever ccxt does, prices and orders here go on. Keys are read there from the
 * environment (`DRIFTWIRE_EXCHANGE_KEY`, `…_SECRET`, `…_PASSWORD`). Rejects with UsageError if it cannot be opened.
 */
export const openCcxt = async (options: CcxtOptions, log: Logger): Promise<Exchange> => {
  const child = await started(options)
  return new CcxtExchange(child, options, log)
}

const started = ({ venue, options }: CcxtOptions): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const child = fork(compiledFile('./ccxtProcess.js', import.meta.url), [], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    })
    const failed = (why: string): void => {
      child.kill('SIGKILL')
      reject(new UsageError(`exchange: ${why}`))
    }
    child.once('error', error => failed(error.message))
    child.once('exit', code => failed(`the process of ${venue} ended with ${code}`))
    child.once('message', (message: FromProcess) => {
      child.removeAllListeners()
      // A start that fails elsewhere must not be kept from ending.
      child.unref()
      child.channel?.unref()
      if ('opened' in message) resolve(child)
      else failed('fatal' in message ? message.fatal : 'found an answer that was not expected')
    })
    child.send({ open: { venue, options } } satisfies ToProcess)
  })

class CcxtExchange implements Exchange {
  readonly reports$ = new Subject<Report>()
  private readonly options: CcxtOptions
  private readonly log: Logger
  private readonly ours: ReadonlyMap<string, string>
  /** Undefined while it is away: what is asked then is lost, and asked again by who waits for it. */
  private child: ChildProcess | undefined
  private restart: NodeJS.Timeout | undefined
  private closed = false

  constructor(child: ChildProcess, options: CcxtOptions, log: Logger) {
    this.options = options
    this.log = log
    this.ours = new Map(Object.entries(options.names).map(([name, theirs]) => [theirs, name]))
    this.listen(child)
  }

  submit(order: ExchangeOrder): void {
    this.send('submit', order)
  }

  cancel(order: ExchangeOrder): void {
    this.send('cancel', order)
  }

  ask(order: ExchangeOrder): void {
    this.send('ask', order)
  }

  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.restart)
    this.child?.kill('SIGKILL')
    this.reports$.complete()
  }

  private send(what: Asked, { id, side, asset, quote, amount, limit }: ExchangeOrder): void {
    const symbol = `${this.theirs(asset)}/${this.theirs(quote)}`
    const message: OrderMessage = { id, side, symbol, amount: formatDecimal(amount), limit: formatDecimal(limit) }
    if (this.child?.connected) this.child.send({ [what]: message })
  }

  private usualFee(amount = 0n, price = 0n): bigint {
    return mulUp(mulUp(amount, price), (BigInt(this.options.feeBps) * ONE) / 10_000n)
  }

  private theirs(asset: string): string {
    return this.options.names[asset] ?? asset
  }

  private listen(child: ChildProcess): void {
    this.child = child
    child.on('error', () => {})
    child.on('message', (message: FromProcess) => {
      if ('report' in message) this.take(message.report)
      else if ('warning' in message) this.log.warn({ order: message.order, why: message.warning }, 'the exchange did not answer')
    })
    child.once('exit', code => {
      this.child = undefined
      if (this.closed) return
      logError(this.log, 'exchange_ended', { code })
      this.again()
    })
  }

  private again(): void {
    this.restart = setTimeout(() => {
      started(this.options).then(
        child => (this.closed ? void child.kill('SIGKILL') : this.listen(child)),
        error => {
          logError(this.log, 'exchange_not_started', { error: (error as Error).message })
          if (!this.closed) this.again()
        },
      )
    }, RESTART_MS)
    this.restart.unref()
  }

  private take(report: ReportMessage): void {
    const { order } = report
    switch (report.kind) {
      case 'fill': {
        const { id, fee } = report
        const [amount, price] = [report.amount, report.price].map(decimalOf)
        const charged = fee === undefined ? this.usualFee(amount, price) : decimalOf(fee.amount)
        if (amount === undefined || price === undefined || charged === undefined || amount <= 0n || price <= 0n || charged < 0n) {
          logError(this.log, 'fill_unreadable', { report })
          return
        }
        const asset = fee === undefined ? this.options.quote : (this.ours.get(fee.asset) ?? fee.asset)
        this.reports$.next({ order, kind: 'fill', id, amount, price, fee: { asset, amount: charged } })
        return
      }
      case 'done': {
        const filled = decimalOf(report.filled)
        if (filled !== undefined) this.reports$.next({ order, kind: 'done', filled })
        return
      }
      default:
        this.reports$.next(report as Report)
    }
  }
}

/** A decimal with more places than 18 is cut. */
const decimalOf = (text: string): bigint | undefined => parseDecimal(text.replace(/(\.\d{18})\d+$/, '$1'))
