import type { FeedState } from '../../../streams/market/feedHealth.ts'
import type { ContractTokens } from '../../../streams/pools/chainLog.ts'
import { Backoff } from '../../lib/backoff.ts'
import { logError } from '../../lib/errorEvents.ts'
import type { Environment } from '../environment.ts'
import type { FeedContext, FeedInput } from '../feed.ts'
import type { ConnectionTimeouts } from '../live/connection.ts'
import { Bell } from '../live/live.ts'
import { SpecError } from '../specError.ts'
import { checkPool, type PoolParameters } from './contracts.ts'
import { Follower, type Step } from './follower.ts'
import { ChainNode, told } from './node.ts'
import { Standing } from './standing.ts'

/** A node that says nothing unasked is asked for its newest block so often; one that does, to see that it lives. ms. */
const POLL_MS = 4_000
/** After which a connection counts as a success, and the next failure as the first. */
const HEALTHY_MS = 60_000

/** The node, the pools and the block to follow from. */
export interface ChainFeedOptions {
  readonly url: string
  readonly from: number | undefined
  readonly pools: readonly PoolParameters[]
  readonly timeouts: ConnectionTimeouts
  readonly environment: Environment
  readonly context: FeedContext
}

/** One node, found again as often as it is lost; what came meanwhile is read when it is back. */
export class ChainFeed {
  private readonly options: ChainFeedOptions
  private readonly addresses: string[]
  private readonly follower: Follower
  private readonly bell = new Bell()
  private readonly gone: string[] = []
  /** Undefined until the pools have been checked. */
  private tokens: ContractTokens[] | undefined
  private resumed = false
  private said: FeedState | undefined
  private told = 0

  constructor(options: ChainFeedOptions) {
    this.options = options
    this.addresses = [...new Set(options.pools.map(pool => pool.address!.toLowerCase()))]
    this.follower = new Follower(this.addresses, options.from)
  }

  async *run(): AsyncGenerator<FeedInput> {
    const { environment, timeouts, context, url } = this.options
    const { signal, log } = context
    const backoff = new Backoff(environment.random)
    const ring = (): void => this.bell.ring()
    signal.addEventListener('abort', ring)
    try {
      while (!signal.aborted) {
        yield* this.become('connecting')
        let since = Number.POSITIVE_INFINITY
        let node: ChainNode | undefined
        const close = (): void => node?.close()
        signal.addEventListener('abort', close)
        try {
          node = await ChainNode.open(url, timeouts, environment)
          await this.begin(node)
          yield* this.firstNews()
          since = environment.now()
          yield* this.become('live')
          while (!signal.aborted) {
            yield* this.news(node)
            await this.pause(node)
          }
        } catch (error) {
          if (error instanceof SpecError) throw error
          if (signal.aborted) return
          if (environment.now() - since >= HEALTHY_MS) backoff.reset()
          const retryMs = Math.round(backoff.next())
          log.warn({ why: told(error, url), retryMs }, 'lost the node; retrying')
          yield* this.become('down')
          await this.rest(retryMs)
        } finally {
          signal.removeEventListener('abort', close)
          node?.close()
        }
      }
    } finally {
      signal.removeEventListener('abort', ring)
    }
  }

  /** Rejects with SpecError if the contracts are not what the configuration says. */
  private async begin(node: ChainNode): Promise<void> {
    const { pools, context } = this.options
    this.tokens ??= await this.checkPools(node)
    this.told = 0
    this.gone.length = 0
    const onRemoved = (hash: string): void => {
      if (this.gone.length < GONE_LOGS_MAX) this.gone.push(hash)
    }
    const unasked = await node.listen(this.addresses, { onNews: () => this.bell.ring(), onRemoved })
    context.log.info({ pools: pools.map(pool => pool.id), unasked }, 'following the chain')
  }

  /** Returns the tokens that only contracts name. */
  private async checkPools(node: ChainNode): Promise<ContractTokens[]> {
    const tokens: ContractTokens[] = []
    for (const pool of this.options.pools) {
      const named = await checkPool(node.client, pool)
      if (named) tokens.push(named)
    }
    return tokens
  }

  /** Says once, before any log, what the contracts say; and goes on behind the logs of former runs. */
  private async *firstNews(): AsyncGenerator<FeedInput> {
    if (this.resumed) return
    const { feed, standingLogs } = this.options.context
    yield { kind: 'chain', feed, logs: [], messages: 0, bad: {}, tokens: this.tokens ?? [] }
    // What is read before it is known what stands would come twice, or behind what is missing.
    this.follower.resume(new Standing((await standingLogs?.()) ?? new Map()))
    this.resumed = true
  }

  private async *news(node: ChainNode): AsyncGenerator<FeedInput> {
    for (const hash of this.gone.splice(0)) this.follower.removed(hash)
    const refused = this.follower.refused
    for await (const step of this.follower.catchUp(node)) {
      if (step.deeper !== undefined) logError(this.options.context.log, 'chain_taken_back', { block: step.deeper })
      yield this.input(step, node)
    }
    if (this.follower.refused > refused)
      this.options.context.log.info({ times: this.follower.refused - refused }, 'the node refused ranges of blocks; they were halved')
    // The node lives, though it had nothing new.
    if (node.messages > this.told) yield this.input({ logs: [], bad: {} }, node)
  }

  private input({ logs, bad }: Step, node: ChainNode): FeedInput {
    const messages = node.messages - this.told
    this.told = node.messages
    return { kind: 'chain', feed: this.options.context.feed, logs, messages, bad, addresses: this.addresses }
  }

  /** Waits until there may be something new, or it is time to ask. Rejects if the node is lost. */
  private async pause(node: ChainNode): Promise<void> {
    const callOff = this.options.environment.after(POLL_MS, () => this.bell.ring())
    await this.bell.rung()
    callOff()
    if (node.lostBy) throw node.lostBy
  }

  /** So long, whatever rings; only the end of the feed comes between. */
  private async rest(ms: number): Promise<void> {
    const { environment, context } = this.options
    await new Promise<void>(resolve => {
      const over = (): void => {
        callOff()
        context.signal.removeEventListener('abort', over)
        resolve()
      }
      const callOff = environment.after(ms, over)
      context.signal.addEventListener('abort', over)
      if (context.signal.aborted) over()
    })
  }

  private *become(state: FeedState): Generator<FeedInput> {
    if (state === this.said) return
    this.said = state
    yield { kind: 'feed', feed: this.options.context.feed, state }
  }
}

/** Blocks taken back that wait to be looked at: more than are kept mean nothing new. */
const GONE_LOGS_MAX = 256
