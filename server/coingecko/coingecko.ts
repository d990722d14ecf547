import Sdk from '@coingecko/coingecko-typescript'
import { z } from 'zod'
import { delay, type Environment } from '../feeds/environment.ts'
import type { Point } from './hourly.ts'
import type { Plan } from './plan.ts'

/** CoinGecko did not answer a request. The message is one line and holds no key. */
export class CoinGeckoError extends Error {
  /** HTTP status; undefined if there was no answer, or none that can be read. */
  readonly status: number | undefined

  constructor(message: string, status: number | undefined) {
    super(message)
    this.status = status
  }
}

/** A coin as CoinGecko lists it. */
export interface Coin {
  /** `bitcoin` */
  readonly id: string
  /** `btc`; several coins may have the same. */
  readonly symbol: string
  /** Circulating; undefined if CoinGecko does not know it. */
  readonly supply: number | undefined
}

/** The plan, the address and the surroundings of the client. */
export interface CoinGeckoOptions {
  readonly plan: Plan
  /** Another address than the plan's. */
  readonly baseUrl: string | undefined
  readonly environment: Environment
  /** Ends requests and waits: they reject with its reason. */
  readonly signal: AbortSignal
  /** A request has failed, and is made again after `ms`. */
  readonly onWait: (ms: number, why: string) => void
}

/** What CoinGecko says of a coin now, in the currency asked for; undefined if it does not know it. */
export interface CoinFacts {
  readonly id: string
  readonly supply: number | undefined
  readonly dilutedMarketCap: number | undefined
}

/** A coin's past by days: points at 00:00 UTC, and the last of now. */
export interface DailyChart {
  readonly prices: readonly Point[]
  readonly marketCaps: readonly Point[]
  /** Of the 24 hours before each point. */
  readonly volumes: readonly Point[]
}

/** A page of coins. */
export const COINS_MAX = 250

/** Waits before the further attempts, ms. */
const WAITS = [2_000, 5_000, 15_000, 30_000, 60_000]
/** Where too many requests were made and the answer does not say how long to wait: limits count by the minute. */
const MINUTE = 60_000
/** No wait that is asked for is longer, ms. */
const LONGEST_WAIT = 300_000
/** A whole answer, ms. */
const TIMEOUT = 60_000
/** Bytes of an answer; ten years of hours take five million. */
const LONGEST_ANSWER = 32 * 1024 * 1024

const COINS = z.array(z.object({ id: z.string().min(1), symbol: z.string(), circulating_supply: z.number().nullish() }))
const FACTS = z.array(
  z.object({ id: z.string().min(1), circulating_supply: z.number().nullish(), fully_diluted_valuation: z.number().nullish() }),
)
const POINTS = z.array(z.tuple([z.number(), z.number().nullable()]))
const CHART = z.object({ prices: POINTS })
const DAILY = z.object({ prices: POINTS, market_caps: POINTS, total_volumes: POINTS })

/** Asks CoinGecko one thing after the other, no faster than the plan allows. Retries what may succeed later. */
export class CoinGecko {
  private readonly options: CoinGeckoOptions
  private readonly sdk: Sdk
  /** ms: no request begins before. */
  private next = 0
  private readonly counts = { requests: 0, retries: 0 }

  constructor(options: CoinGeckoOptions) {
    const { plan, baseUrl } = options
    this.options = options
    this.sdk = new Sdk({
      proAPIKey: plan.name === 'pro' ? plan.key! : null,
      demoAPIKey: plan.name === 'demo' ? plan.key! : null,
      ...(baseUrl === undefined ? { baseURL: null, environment: plan.name === 'pro' ? 'pro' : 'demo' } : { baseURL: baseUrl }),
      // The library insists on a key unless a null says that there is none.
      defaultHeaders: plan.key === undefined ? { 'x-cg-pro-api-key': null } : {},
      // A redirection would take the key along to another address.
      fetchOptions: { redirect: 'error' },
      fetch: boundedFetch,
      maxRetries: 0,
      logLevel: 'off',
    })
  }

  /** Requests so far, and how many of them were made again. */
  get figures(): { readonly requests: number; readonly retries: number } {
    return { ...this.counts }
  }

  /** Returns the `count` largest coins by market cap, the largest first. */
  async largest(count: number, vs: string): Promise<Coin[]> {
    const query = { vs_currency: vs, order: 'market_cap_desc', per_page: count, page: 1 } as const
    const coins = await this.asked(COINS, signal => this.sdk.coins.markets.get(query, { signal }))
    return coins.slice(0, count).map(({ id, symbol, circulating_supply }) => ({ id, symbol, supply: circulating_supply ?? undefined }))
  }

  /** Returns the points of a coin's last days; the last of them is "now". */
  async chart(id: string, vs: string, days: number): Promise<readonly Point[]> {
    const query = { vs_currency: vs, days: String(days), precision: 'full' } as const
    return (await this.asked(CHART, signal => this.sdk.coins.marketChart.get(id, query, { signal }))).prices
  }

  /** Returns what is known now of up to `COINS_MAX` coins, in no order; those that CoinGecko does not know are left out. */
  async facts(ids: readonly string[], vs: string): Promise<CoinFacts[]> {
    const query = { vs_currency: vs, ids: ids.join(','), per_page: COINS_MAX, page: 1 }
    const coins = await this.asked(FACTS, signal => this.sdk.coins.markets.get(query, { signal }))
    return coins.map(({ id, circulating_supply, fully_diluted_valuation }) => ({
      ...{ id, supply: circulating_supply ?? undefined, dilutedMarketCap: fully_diluted_valuation ?? undefined },
    }))
  }

  /** Returns a coin's last days, a point a day. */
  async daily(id: string, vs: string, days: number): Promise<DailyChart> {
    const query = { vs_currency: vs, days: String(days), interval: 'daily', precision: 'full' } as const
    const { prices, market_caps, total_volumes } = await this.asked(DAILY, signal => this.sdk.coins.marketChart.get(id, query, { signal }))
    return { prices, marketCaps: market_caps, volumes: total_volumes }
  }

  private async asked<T>(form: z.ZodType<T>, ask: (signal: AbortSignal) => Promise<unknown>): Promise<T> {
    const { environment, plan, signal, onWait } = this.options
    for (let attempt = 0; ; attempt++) {
      await delay(environment, this.next - environment.now(), signal)
      this.next = environment.now() + plan.spacing
      this.counts.requests += 1
      try {
        const answer = form.safeParse(await ask(AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)])))
        if (answer.success) return answer.data
        throw new Error('found an answer of another form')
      } catch (error) {
        signal.throwIfAborted()
        const { status, headers } = error instanceof Sdk.APIError ? error : {}
        const why = this.explained(error)
        const wait = waitOf(status, headers?.get('retry-after') ?? null, attempt, environment.now())
        if (wait === undefined) throw new CoinGeckoError(why, status)
        if (wait > LONGEST_WAIT) throw new CoinGeckoError(`${why}; it asks to wait ${Math.ceil(wait / 1000)} s`, status)
        this.counts.retries += 1
        onWait(wait, why)
        await delay(environment, wait, signal)
      }
    }
  }

  private explained(error: unknown): string {
    const { plan, baseUrl } = this.options
    const text = (error instanceof Sdk.APIError && told(error.error)) || causeOf(error)
    const status = error instanceof Sdk.APIError && error.status !== undefined ? `${error.status} ` : ''
    const line = `CoinGecko${baseUrl === undefined ? '' : ` at ${new URL(baseUrl).host}`}: ${status}${text}`.replaceAll(/\s+/g, ' ')
    const safe = plan.key === undefined ? line : line.replaceAll(plan.key, '…')
    return safe.length > 300 ? `${safe.slice(0, 299)}…` : safe
  }
}

/** Returns the ms until the next attempt; undefined if none would be of use. */
const waitOf = (status: number | undefined, retryAfter: string | null, attempt: number, now: number): number | undefined => {
  const again = status === undefined || status === 408 || status === 429 || status >= 500
  if (!again || attempt === WAITS.length) return undefined
  const seconds = retryAfter === null || retryAfter.trim() === '' ? Number.NaN : Number(retryAfter)
  const asked = Number.isNaN(seconds) ? Date.parse(retryAfter ?? '') - now : seconds * 1_000
  // A server that says when it will have an answer knows best, and one that counts requests counts those in vain, too.
  if (!Number.isNaN(asked)) return Math.max(asked, status === 429 ? 0 : WAITS[attempt]!)
  return status === 429 ? MINUTE : WAITS[attempt]!
}

/** Returns the message of an error answer, in any of the forms that CoinGecko gives it. */
const told = (body: unknown): string | undefined => {
  if (typeof body !== 'object' || body === null) return undefined
  const { error, status, error_message } = body as Record<string, unknown>
  if (typeof error === 'string') return error
  if (typeof error_message === 'string') return error_message
  return told(status) ?? told(error)
}

const causeOf = (error: unknown): string => {
  if (error instanceof Sdk.APIError && error.status !== undefined) return 'found no answer that can be read'
  const { message, name, cause } = error as Error
  if (name === 'TimeoutError') return `found no whole answer within ${TIMEOUT / 1000} s`
  const inner = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause : cause) : undefined
  if (error instanceof SyntaxError) return 'found an answer that is not JSON'
  return `found no answer (${(inner as { code?: string } | undefined)?.code ?? inner?.message ?? message})`
}

/** Fetches, but breaks an answer off that is too long. */
const boundedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  let bytes = 0
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length
      if (bytes > LONGEST_ANSWER) controller.error(new Error('the answer is too long'))
      else controller.enqueue(chunk)
    },
  })
  const { status, headers } = response
  return new Response(response.body?.pipeThrough(limit) ?? null, { status, headers })
}
