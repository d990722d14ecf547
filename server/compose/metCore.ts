import type { Logger } from 'pino'
import type { PartState, Readiness } from '../../streams/wire/answers/server.ts'
import type { RedisBus } from '../bus/redis/redisBus.ts'
import { UsageError } from '../config/options.ts'
import type { ChannelDirectory } from '../gateway/api/channelDirectory.ts'
import { deferred } from '../lib/deferred.ts'
import { type Asker, wholeOf } from '../nodes/asker.ts'
import { readinessOf, startingPart } from '../telemetry/readiness.ts'
import type { CoreSays, Greeting, News } from './answering.ts'

/** ms of silence after which a gateway is no use to new clients: a balancer sends them elsewhere. */
const USELESS_MS = 10_000
/** ms until a core that did not greet is asked again. */
const AGAIN_MS = 200

interface MetCoreOptions {
  readonly asker: Asker
  readonly bus: Pick<RedisBus, 'epoch' | 'flushes$' | 'silentMs'>
  readonly directory: ChannelDirectory
  /** Returns the name of the core of an epoch. */
  readonly nameOf: (epoch: string) => string
  /** Others can reach this gateway. */
  readonly isExposed: boolean
  readonly log: Logger
}

/** Who has to know what the core says to all gateways. */
interface Followers {
  /** A token has ended, by its digest. */
  readonly ended: (digest: string) => void
  /** Returns the tokens that sockets are bound to, by their digests. */
  readonly tokens: () => readonly string[]
  readonly bye: (reason: string, reconnectInMs: number) => void
}

/** What a gateway knows of its core: who it is, what it said at the greeting, and what has come since. */
export class MetCore {
  /** What the core said of itself, and before that the one before it; undefined if none has been met. */
  met: Greeting | undefined
  private readonly options: MetCoreOptions
  private readonly doubt = deferred<never>()
  private says: CoreSays | undefined
  private greetings = 0

  constructor(options: MetCoreOptions) {
    this.options = options
    // It is awaited later.
    this.doubt.promise.catch(() => {})
  }

  /** Rejects if this gateway may not serve beside its core. */
  get unfit(): Promise<never> {
    return this.doubt.promise
  }

  /** Meets every core that publishes frames, from now on. */
  follow(followers: Followers): void {
    const { asker, bus, directory, nameOf } = this.options
    asker.missed$.subscribe(() => void this.greet(followers))
    asker.checked$.subscribe(says => {
      this.says = says as CoreSays
    })
    asker.news$.subscribe(({ about, news }) => {
      const known = { [about]: news } as Partial<News>
      if (known.ended !== undefined) followers.ended(known.ended)
      if (known.directory !== undefined) directory.learn(known.directory)
      if (known.bye !== undefined) followers.bye(known.bye.reason, known.bye.reconnectInMs)
    })
    bus.flushes$.subscribe(({ epoch }) => asker.meet(nameOf(epoch)))
  }

  /** Returns what `/readyz` says: what waits here, and what waits in the core. */
  readonly readiness = (isStopping: boolean): Readiness => {
    const inCore = Object.entries(this.says?.waiting ?? {}).map(([part, why]): [string, PartState] => [
      `core.${part}`,
      { state: 'waiting', why },
    ])
    return readinessOf({ server: startingPart(isStopping ? 'stopping' : undefined), core: this.corePart(), ...Object.fromEntries(inCore) })
  }

  private corePart(): PartState {
    const { asker, bus } = this.options
    if (this.met === undefined) return { state: 'waiting', why: 'no core has been met yet' }
    const silentMs = Math.max(bus.silentMs, performance.now() - asker.heard)
    const why = `nothing heard for ${Math.floor(silentMs / 1_000)} s`
    if (silentMs >= USELESS_MS) return { state: 'waiting', why }
    return asker.up && bus.silentMs < 1_000 ? { state: 'ready' } : { state: 'degraded', why }
  }

  /** Asks for all that news would have said, until it is answered or another greeting begins. */
  private async greet({ ended, tokens }: Followers): Promise<void> {
    const { asker, directory, log } = this.options
    this.greetings += 1
    const mine = this.greetings
    while (mine === this.greetings) {
      try {
        const greeting = JSON.parse(Buffer.from(await wholeOf(await asker.ask('greet', {}))).toString()) as Greeting
        if (!this.fits(greeting)) return
        directory.copy(greeting.directory)
        this.says = greeting
        this.met = greeting
        const bound = tokens()
        if (bound.length > 0) for (const digest of (await asker.ask('ended', bound)).head as string[]) ended(digest)
        log.info({ version: greeting.version }, 'the core has been met')
        return
      } catch {
        await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
      }
    }
  }

  private fits({ isExposed }: Greeting): boolean {
    if (isExposed || !this.options.isExposed) return true
    const fault = 'found a gateway that others can reach beside a core on loopback, where everything is open by default'
    this.doubt.reject(new UsageError(`--host: ${fault}; expected --host or --behind-tls of the core as of its gateways`))
    return false
  }
}
