import type { Logger } from 'pino'
import { merge, Subject } from 'rxjs'
import type { Params } from '../../streams/wire/requests.ts'
import type { RedisAddress } from '../config/redisAddress.ts'
import type { DirectoryChange, DirectoryFacts } from '../gateway/api/channelDirectory.ts'
import type { RemoteRequest, RemoteResponse } from '../gateway/http/forwarding.ts'
import type { RemoteCall, RemoteResult } from '../gateway/rpc/remoteCalls.ts'
import { SpeaksFor } from '../gateway/rpc/speaksFor.ts'
import { ANONYMOUS, type Principal } from '../identity/access.ts'
import type { Accounts, Registration } from '../identity/accounts.ts'
import { packageVersion } from '../lib/packageVersion.ts'
import { type Answer, Answerer, type Question, type Reply } from '../nodes/answerer.ts'
import { Heartbeat } from '../nodes/heartbeat.ts'
import { RedisLine } from '../nodes/redisLine.ts'
import { openReady } from '../redis/connection.ts'
import type { BackfillSource } from '../storage/read/backfillSource.ts'
import type { Gateway } from './gateway.ts'
import type { CoreServices } from './services.ts'

/** What a gateway says of itself, every second. */
export interface GatewaySays {
  readonly version: string
  /** Others than programs on its machine can reach it. */
  readonly isExposed: boolean
  readonly sockets: number
  /** Sockets that follow something. */
  readonly subscribers: number
}

/** What a core says of itself, every second. */
export interface CoreSays {
  readonly version: string
  /** Parts that are not ready yet, and why. */
  readonly waiting: Readonly<Record<string, string>>
  /** It was told that others can reach it: what is open by default on loopback is closed. */
  readonly isExposed: boolean
}

/** What a core tells a gateway that has met it: all that the gateway has to know before it serves. */
export interface Greeting extends CoreSays {
  readonly registration: Registration['mode']
  readonly quote: string
  readonly directory: DirectoryFacts
}

/** What the core says to all gateways: a token has ended, by its digest; a channel is there; clients are to be said goodbye. */
export interface News {
  readonly ended: string
  readonly directory: DirectoryChange
  readonly bye: { readonly reason: string; readonly reconnectInMs: number }
}

/** The core's side of what lies between it and gateways. */
export interface Answering {
  readonly figures: () => Record<string, number>
  /** Sockets of all gateways that follow something. */
  readonly subscribers: number
  /** A gateway has said how many there are. */
  readonly subscribed$: Subject<void>
  /** Says to the clients of all gateways that this core ends, and no other is to come. */
  bye(reason: string, reconnectInMs: number): void
  /** Answers nothing any more. */
  end(): Promise<void>
}

/** What gateways may have of a core. */
interface AnsweringParts {
  readonly core: CoreServices
  readonly gateway: Gateway
  readonly isExposed: boolean
  readonly role: string
  readonly epoch: string
  readonly log: Logger
}

/** Parts of the answerer's bookkeeping that a stop lets go out, ms. */
const LAST_WORDS_MS = 100

/** Answers gateways at the Redis of the address, under the name of the core. Rejects with one line if Redis cannot be used. */
export const openAnswering = async (address: RedisAddress, name: string, parts: AnsweringParts): Promise<Answering> => {
  const { core, gateway, isExposed, role, epoch, log } = parts
  const { client, reader } = await openReady(address, { client: 'commands', reader: 'reading' }, log)
  const line = new RedisLine({ client, reader, name })
  const says = (): CoreSays => ({ version: packageVersion(), waiting: core.status.readiness().waiting, isExposed })
  const { limits } = core.plan.settings.config
  const answerer = new Answerer({
    line,
    answers: answersOf(parts, says),
    says,
    bodyBytes: limits.bodyBytes,
    now: () => performance.now(),
    log,
  })
  const tell = <A extends keyof News>(about: A, news: News[A]): void => answerer.tell(about, news)
  merge(core.tokens.ended$, core.operators.ended$).subscribe(({ digest }) => tell('ended', digest))
  gateway.directory.changes$.subscribe(change => tell('directory', change))
  await line.begin()
  const heartbeat = new Heartbeat(client, name, () => ({ role, epoch, version: packageVersion(), sockets: gateway.hub.stats().sockets }))
  const subscribed$ = new Subject<void>()
  answerer.heard$.subscribe(() => subscribed$.next())
  const saying = (count: (says: GatewaySays) => number): number =>
    answerer.known.reduce((sum, known) => sum + (known.says === undefined ? 0 : count(known.says as GatewaySays)), 0)
  return {
    subscribed$,
    get subscribers() {
      return saying(({ subscribers }) => subscribers)
    },
    figures: () => ({ sockets: saying(({ sockets }) => sockets), waiting: answerer.waiting, ...answerer.counts }),
    bye: (reason, reconnectInMs) => tell('bye', { reason, reconnectInMs }),
    async end() {
      await new Promise(resolve => setTimeout(resolve, LAST_WORDS_MS))
      answerer.close()
      await Promise.all([heartbeat.end(), line.end()])
      client.disconnect()
      reader.disconnect()
    },
  }
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

const answersOf = ({ core, gateway }: AnsweringParts, says: () => CoreSays): Readonly<Record<string, Answer>> => ({
  greet: () => {
    const { accounts, plan } = core
    const { quote } = plan.settings.config
    return {
      head: null,
      body: json({ ...says(), registration: accounts.registration, quote, directory: gateway.directory.facts } satisfies Greeting),
    }
  },
  call: question => called(gateway, core.accounts, question),
  http: question => fetched(gateway, question),
  rows: async ({ head }) => ({ head: null, body: json(await core.backfillSource.rows(head as Parameters<BackfillSource['rows']>[0])) }),
  until: async ({ head }) => {
    await core.backfillSource.until((head as { t: number }).t)
    return { head: null }
  },
  // Of these digests of tokens those that are not good any more.
  ended: ({ head }) => ({ head: (head as string[]).filter(digest => core.accounts.known(digest) === undefined) }),
})

/** Answers a call of a socket at a gateway, for the user to whom its token belongs now. */
const called = async ({ calls, traced }: Gateway, accounts: Accounts, { head }: Question): Promise<Reply> => {
  const { method, params, token, address, connection, traceparent, source, at } = head as RemoteCall
  const known = token === undefined ? undefined : accounts.known(token)
  const who: Principal = {
    ...(known ?? ANONYMOUS),
    ...(address !== undefined && { address }),
    ...(connection !== undefined && { connection }),
  }
  const ask = () => calls({ who, origin: { source, at } }, method, params as Params<typeof method>)
  const answer = await (traceparent === undefined || traced === undefined ? ask() : traced(method, traceparent, ask))
  const spoken = answer instanceof SpeaksFor ? answer : undefined
  const result = spoken ? await spoken.result : answer
  // A token that has ended meanwhile: the gateway has not heard of it yet.
  const speaksFor = spoken?.who ?? (token !== undefined && known === undefined ? ANONYMOUS : undefined)
  const said: RemoteResult = speaksFor === undefined ? {} : { who: speaksFor }
  return { head: said, body: Buffer.from(typeof result === 'string' ? result : JSON.stringify(result)) }
}

const fetched = async ({ fetch }: Gateway, { head, body, signal }: Question): Promise<Reply> => {
  const { method, url, headers, remoteAddress, requestId, bytes } = head as RemoteRequest
  const content = method === 'GET' || method === 'HEAD' ? null : (body as Uint8Array<ArrayBuffer>)
  const request = new Request(url, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    body: content,
    signal,
  })
  const response = await fetch(request, { remoteAddress, requestId, bytes })
  const answered: RemoteResponse = { status: response.status, headers: [...response.headers] }
  return { head: answered, ...(response.body && { body: response.body as ReadableStream<Uint8Array> }) }
}
