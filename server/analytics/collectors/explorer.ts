import { z } from 'zod'
import { periodAt } from '../../../streams/analytics/features/metrics.ts'
import type { Environment } from '../../feeds/environment.ts'
import { assetByAsset, type Collector } from './collector.ts'
import { type Refusal, type RequestFigures, SourceClient } from './sourceClient.ts'

/** A block explorer in the form of Etherscan's V2: one address for all chains. */
export interface ExplorerOptions {
  readonly url: string
  /** The number of the chain. */
  readonly chainId: number
  readonly key: string | undefined
  readonly perMinute: number
  readonly environment: Environment
}

/** What an explorer knows of a verified contract. */
export interface VerifiedContract {
  readonly name: string
  readonly compiler: string
  /** JSON. */
  readonly abi: string
  readonly source: string
  readonly licence: string
  readonly proxy: boolean
  readonly implementation: string | undefined
}

const AMOUNT = z.object({ result: z.string().regex(/^\d+$/).transform(BigInt) })
const CONTRACT = z.object({
  result: z
    .array(
      z.object({
        SourceCode: z.string(),
        ABI: z.string(),
        ContractName: z.string(),
        CompilerVersion: z.string(),
        LicenseType: z.string(),
        Proxy: z.string(),
        Implementation: z.string(),
      }),
    )
    .length(1),
})

/** Asks a block explorer. Rejects with a SourceError; the key is in none. */
export class Explorer {
  private readonly client: SourceClient
  private readonly fixed: Readonly<Record<string, string>>

  constructor({ url, chainId, key, perMinute, environment }: ExplorerOptions) {
    const secrets = key === undefined ? [] : [key]
    this.client = new SourceClient({ source: 'explorer', url, secrets, rate: { perMinute, burst: 2 }, environment, refusal })
    this.fixed = { chainid: `${chainId}`, ...(key !== undefined && { apikey: key }) }
  }

  get figures(): RequestFigures {
    return this.client.figures
  }

  /** Returns the units of a token that there are, in its smallest. */
  async supply(address: string, signal: AbortSignal): Promise<bigint> {
    return (await this.ask({ module: 'stats', action: 'tokensupply', contractaddress: address }, AMOUNT, signal)).result
  }

  /** Returns how many addresses hold a token. Free keys may not ask this. */
  async holders(address: string, signal: AbortSignal): Promise<number> {
    return Number((await this.ask({ module: 'token', action: 'tokenholdercount', contractaddress: address }, AMOUNT, signal)).result)
  }

  /** Returns what is known of a contract; undefined if it is not verified. */
  async contract(address: string, signal: AbortSignal): Promise<VerifiedContract | undefined> {
    const { result } = await this.ask({ module: 'contract', action: 'getsourcecode', address }, CONTRACT, signal)
    const { SourceCode: source, ABI: abi, ContractName: name, CompilerVersion: compiler, LicenseType: licence, ...found } = result[0]!
    // It says so with the status of success.
    if (source === '') return undefined
    return { name, compiler, abi, source, licence, proxy: found.Proxy === '1', implementation: found.Implementation || undefined }
  }

  private async ask<T>(query: Readonly<Record<string, string>>, form: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    return (await this.client.ask({ query: { ...this.fixed, ...query }, form, signal })).value
  }
}

/** An error is status 200 with `NOTOK`. */
const refusal = (body: unknown): Refusal | undefined => {
  const { status, message, result } = Object(body) as Record<string, unknown>
  if (status === '1') return undefined
  if (status !== '0') return { why: 'found an answer of another form', again: true }
  const why = `${String(message)}: ${String(result)}`
  return { why, again: /rate limit|busy|timeout|try again/i.test(why) }
}

/** A token by its contract. */
export interface ExplorerToken {
  readonly address: string
  readonly decimals: number
  /** Its holders are asked for, too: with a paid key. */
  readonly holders: boolean
}

/** Collects supply and holders of tokens. */
export const explorerCollector = (
  explorer: Explorer,
  chain: string,
  tokens: Readonly<Record<string, ExplorerToken>>,
  everyMs: number,
): Collector => ({
  source: 'explorer',
  everyMs,
  get figures() {
    return explorer.figures
  },
  collect: asked =>
    assetByAsset(tokens, asked, async function* (asset, { address, decimals, holders }) {
      const period = periodAt('totalSupply', asked.now)
      const ref = `${chain} ${address}`
      if (asked.since(asset, 'totalSupply') !== period) {
        const supply = await explorer.supply(address, asked.signal)
        yield [{ asset, metric: 'totalSupply', period, value: Number(`${supply}e-${decimals}`), ref }]
      }
      if (holders && asked.since(asset, 'holders') !== period)
        yield [{ asset, metric: 'holders', period, value: await explorer.holders(address, asked.signal), ref }]
    }),
})
