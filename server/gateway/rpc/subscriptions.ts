import type { Logger } from 'pino'
import { canHave } from '../../../streams/wire/answers/members.ts'
import { hasPast, KINDS } from '../../../streams/wire/channels.ts'
import { type ErrorCode, ProtocolError } from '../../../streams/wire/errors.ts'
import { type Params, rateOf } from '../../../streams/wire/requests.ts'
import { channelFor } from '../../identity/access.ts'
import { logError } from '../../lib/errorEvents.ts'
import type { BackfillSource } from '../../storage/read/backfillSource.ts'
import { type ChannelDirectory, glob } from '../api/channelDirectory.ts'
import type { ClientLimits } from '../api/clientLimits.ts'
import { backfill } from '../hub/backfill.ts'
import type { PartOptions } from '../hub/channelPart.ts'
import type { Hub, SubscribeOptions } from '../hub/hub.ts'
import type { Session } from '../hub/session.ts'
import { ReplyFirst } from './replyFirst.ts'

/** What subscriptions need. */
export interface SubscriptionsOptions {
  readonly hub: Hub
  readonly directory: ChannelDirectory
  readonly past: BackfillSource
  /** Channels that one socket follows at most. */
  readonly channelsPerSocket: number
  readonly clientLimits: Pick<ClientLimits, 'channel' | 'settle'>
  /** Is called with the code of each channel that is refused. */
  readonly onRefused: (code: ErrorCode) => void
  readonly log: Logger
}

/** Throws `invalid_params` if the channel's rows are not stored. */
export const requirePast = (channel: string): void => {
  if (!hasPast(channel)) throw new ProtocolError('invalid_params', `params.from: "${channel}" has no history`)
}

/** Throws `invalid_params` if no state of the kind that a name or a pattern begins with can have these members. Of a pattern of any kind nothing is known. */
const requireMembers = (name: string, { fields = [], when }: PartOptions): void => {
  const kind = KINDS.find(one => one === name.split(':', 1)[0])
  if (kind === undefined) return
  const expected = `expected a member of the states of ${kind}`
  const [wrong] = fields.filter(path => !canHave(kind, path))
  if (wrong !== undefined) throw new ProtocolError('invalid_params', `params.fields: found "${wrong}", ${expected}`)
  if (when !== undefined && !canHave(kind, when.field))
    throw new ProtocolError('invalid_params', `params.when.field: found "${when.field}", ${expected}`)
}

/** Returns whether states of the channel can have these members. */
const hasMembers = (channel: string, options: PartOptions): boolean => {
  try {
    requireMembers(channel, options)
    return true
  } catch {
    return false
  }
}

/** A pattern that a socket has subscribed, and how. */
interface Standing {
  readonly matches: (channel: string) => boolean
  readonly options: SubscribeOptions
}

/** Patterns of one socket. */
const PATTERNS_MAX = 100
/** Channels that are followed by some members or a condition at once, by all sockets together: each keeps a state. */
const PARTS_MAX = 10_000

/** Lets sockets follow channels, each answered for itself, and those that fit a pattern as soon as they are there. */
export class Subscriptions {
  private readonly options: SubscriptionsOptions
  private readonly standing = new Map<Session, Map<string, Standing>>()

  constructor(options: SubscriptionsOptions) {
    this.options = options
    options.directory.added$.subscribe(channel => this.appeared(channel))
  }

  /** Follows the channels. They begin only after the reply, which comes before any channel's first push. */
  subscribe(session: Session, params: Params<'subscribe'>): ReplyFirst {
    const { hub } = this.options
    const { from, fields, when, maxRate, checksum = false } = params
    const rate = maxRate === undefined ? (0 as const) : rateOf(maxRate)
    const result: Record<string, unknown> = Object.create(null)
    const begun: string[] = []
    for (const channel of this.wanted(session, params, { rate, checksum, resume: undefined, fields, when }, result)) {
      const refusal = this.refusal(session, channel, params)
      if (refusal) {
        result[channel] = { error: refusal }
        continue
      }
      const followed = hub.follow(session, channelFor(session.who, channel), {
        rate,
        checksum,
        fields,
        when,
        resume: params.resume?.[channel],
      })
      result[channel] = { ...followed, ...(rate !== 0 && { rate }) }
      begun.push(channel)
    }
    this.options.clientLimits.settle(session)
    return new ReplyFirst(result, () => {
      if (from !== undefined) this.backfill(session, begun, from, fields)
      hub.begin(session)
    })
  }

  /** Ends following these channels, and what patterns have brought. */
  unsubscribe(session: Session, channels: readonly string[]): void {
    const { hub } = this.options
    for (const channel of channels) {
      const pattern = this.standing.get(session)?.get(channel)
      if (pattern === undefined) {
        hub.unfollow(session, channelFor(session.who, channel))
        continue
      }
      this.standing.get(session)!.delete(channel)
      for (const followed of [...session.follows.keys()]) if (pattern.matches(followed)) hub.unfollow(session, followed)
    }
    this.options.clientLimits.settle(session)
  }

  /** Forgets the patterns of a socket that has closed. */
  closed(session: Session): void {
    this.standing.delete(session)
  }

  /** Returns the channels that a request means: those it names, and those that its patterns fit now. */
  private wanted(
    session: Session,
    { channels, from }: Params<'subscribe'>,
    options: SubscribeOptions,
    result: Record<string, unknown>,
  ): Set<string> {
    const { directory } = this.options
    const wanted = new Set<string>()
    for (const channel of channels) {
      if (!channel.includes('*')) {
        wanted.add(channel)
        continue
      }
      const patterns = this.standing.get(session) ?? new Map<string, Standing>()
      const refused = this.refusing(() => requireMembers(channel, options))
      if (refused) {
        result[channel] = { error: refused }
        continue
      }
      if (patterns.size >= PATTERNS_MAX && !patterns.has(channel)) {
        result[channel] = { error: this.counted(new ProtocolError('too_much', `a socket has at most ${PATTERNS_MAX} patterns`)) }
        continue
      }
      patterns.set(channel, { matches: glob(channel), options })
      this.standing.set(session, patterns)
      const fitting = directory
        .list(session.who, channel)
        .filter(name => (from === undefined || hasPast(name)) && hasMembers(name, options))
      for (const name of fitting) wanted.add(name)
      result[channel] = { channels: fitting.length }
    }
    return wanted
  }

  /** A channel is there from now on: it begins for those whose patterns it fits. */
  private appeared(channel: string): void {
    if (this.standing.size === 0) return
    for (const [session, patterns] of this.standing) {
      const name = channelFor(session.who, channel)
      const fits = [...patterns.values()].find(({ matches }) => matches(channel))
      if (
        fits === undefined ||
        session.follows.has(name) ||
        !hasMembers(channel, fits.options) ||
        this.refusal(session, channel, fits.options) !== undefined
      )
        continue
      this.options.hub.follow(session, name, fits.options)
      this.options.hub.begin(session)
      this.options.clientLimits.settle(session)
    }
  }

  private backfill(session: Session, channels: readonly string[], from: number, fields: readonly string[] | undefined): void {
    const { hub, past, log } = this.options
    for (const channel of channels)
      backfill(session, channel, { from, fields }, hub, past).catch(error => {
        if (error instanceof ProtocolError && error.code === 'not_ready')
          log.info({ channel, why: error.message }, 'rows of the past are not to be had')
        else logError(log, 'past_failed', { err: error, channel })
      })
  }

  /** Returns why the socket cannot follow this channel, as the reply has it; undefined if it can. */
  private refusal(
    session: Session,
    channel: string,
    { from, fields, when }: PartOptions & { readonly from?: number | undefined },
  ): object | undefined {
    const { directory, channelsPerSocket, clientLimits, hub } = this.options
    return this.refusing(() => {
      directory.authorizeRead(session.who, channel)
      if (!session.follows.has(channelFor(session.who, channel))) {
        if (session.follows.size >= channelsPerSocket)
          throw new ProtocolError('too_much', `a socket follows at most ${channelsPerSocket} channels`)
        clientLimits.channel(session)
      }
      if ((fields !== undefined || when !== undefined) && hub.parts >= PARTS_MAX)
        throw new ProtocolError('too_much', `the server follows at most ${PARTS_MAX} channels by some of their members or a condition`)
      if (from !== undefined) requirePast(channel)
      requireMembers(channel, { fields, when })
    })
  }

  /** Returns why something is refused, as the reply has it; undefined if it is not. */
  private refusing(check: () => void): object | undefined {
    try {
      check()
      return undefined
    } catch (error) {
      if (error instanceof ProtocolError) return this.counted(error)
      throw error
    }
  }

  private counted({ code, message, retry }: ProtocolError): object {
    this.options.onRefused(code)
    return { code, message, retry }
  }
}
