import type { Logger } from 'pino'
import { hasPast } from '../../../streams/wire/channels.ts'
import { type ErrorCode, ProtocolError } from '../../../streams/wire/errors.ts'
import { type Params, rateOf } from '../../../streams/wire/requests.ts'
import { channelFor } from '../../identity/access.ts'
import type { BackfillSource } from '../../storage/read/backfillSource.ts'
import type { ChannelDirectory } from '../api/channelDirectory.ts'
import { backfill } from '../hub/backfill.ts'
import type { Hub } from '../hub/hub.ts'
import type { Session } from '../hub/session.ts'
import { ReplyFirst } from './replyFirst.ts'

/** What subscriptions need. */
export interface SubscriptionsOptions {
  readonly hub: Hub
  readonly directory: ChannelDirectory
  readonly past: BackfillSource
  /** Channels that one socket follows at most. */
  readonly channelsPerSocket: number
  /** Is called with the code of each channel that is refused. */
  readonly onRefused: (code: ErrorCode) => void
  readonly log: Logger
}

/** Throws `invalid_params` if the channel's rows are not stored. */
export const requirePast = (channel: string): void => {
  if (!hasPast(channel)) throw new ProtocolError('invalid_params', `params.from: "${channel}" has no history`)
}

/** Lets sockets follow channels, each answered for itself. */
export class Subscriptions {
  private readonly options: SubscriptionsOptions

  constructor(options: SubscriptionsOptions) {
    this.options = options
  }

  /** Follows the channels. They begin only after the reply, which comes before any channel's first push. */
  subscribe(session: Session, params: Params<'subscribe'>): ReplyFirst {
    const { hub, onRefused } = this.options
    const rate = params.maxRate === undefined ? undefined : rateOf(params.maxRate)
    const result: Record<string, unknown> = Object.create(null)
    const begun: string[] = []
    for (const channel of new Set(params.channels)) {
      const refusal = this.refusal(session, channel, params.from)
      if (refusal) {
        const { code, message, retry } = refusal
        result[channel] = { error: { code, message, retry } }
        onRefused(code)
        continue
      }
      const options = { rate: rate ?? (0 as const), checksum: params.checksum ?? false, resume: params.resume?.[channel] }
      const followed = hub.follow(session, channelFor(session.who, channel), options)
      result[channel] = { ...followed, ...(rate !== undefined && { rate }) }
      begun.push(channel)
    }
    return new ReplyFirst(result, () => {
      if (params.from !== undefined) this.backfill(session, begun, params.from)
      hub.begin(session)
    })
  }

  private backfill(session: Session, channels: readonly string[], from: number): void {
    const { hub, past, log } = this.options
    for (const channel of channels)
      backfill(session, channel, from, hub, past).catch(error => log.error({ err: error, channel }, 'rows of the past failed'))
  }

  /** Returns why the socket cannot follow this channel; undefined if it can. */
  private refusal(session: Session, channel: string, from: number | undefined): ProtocolError | undefined {
    const { directory, channelsPerSocket } = this.options
    try {
      directory.authorizeRead(session.who, channel)
      if (!session.follows.has(channelFor(session.who, channel)) && session.follows.size >= channelsPerSocket)
        throw new ProtocolError('too_much', `a socket follows at most ${channelsPerSocket} channels`)
      if (from !== undefined) requirePast(channel)
      return undefined
    } catch (error) {
      if (error instanceof ProtocolError) return error
      throw error
    }
  }
}
